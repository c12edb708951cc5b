/// What kinds of files the product takes.
package enum FileKind: String, Sendable, CaseIterable {
    case jpeg, png, webp, gif, pdf, doc, docx

    package var contentType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        case .gif: "image/gif"
        case .pdf: "application/pdf"
        case .doc: "application/msword"
        case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
    }

    /// The kind that has this content type.
    package init?(contentType: String) {
        guard let kind = Self.allCases.first(where: { $0.contentType == contentType }) else { return nil }
        self = kind
    }

    package var isImage: Bool {
        switch self {
        case .jpeg, .png, .webp, .gif: true
        case .pdf, .doc, .docx: false
        }
    }

    private var extensions: Set<String> {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
        default: [rawValue]
        }
    }

    /// Whether a file name does not claim to be something else. A name without an extension claims nothing.
    package func fits(name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return true }
        let claimed = name[name.index(after: dot)...].lowercased()
        let isExtension =
            (1...5).contains(claimed.utf8.count)
            && claimed.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
            && !claimed.allSatisfy(\.isNumber)
        return !isExtension || extensions.contains(claimed)
    }
}

/// Why a file is not taken.
package enum FileRefusal: Error, Equatable, Sendable {
    /// It is of no kind that is taken here.
    case unsupported
    /// It begins like one of these kinds but is broken, or is something else as well.
    case malformed
    /// It would need far more memory to open than it has bytes.
    case bomb
}

/// The bytes of a file, wherever they are.
package struct FileSource: Sendable {
    package let length: Int64
    private let read: @Sendable (_ start: Int64, _ count: Int) async throws -> [UInt8]

    /// - Parameter read: bytes from a place on; fewer than asked for only at the end.
    package init(
        length: Int64, read: @escaping @Sendable (_ start: Int64, _ count: Int) async throws -> [UInt8]
    ) {
        self.length = length
        self.read = read
    }

    package init(_ bytes: [UInt8]) {
        self.init(length: Int64(bytes.count)) { start, count in
            Array(bytes.dropFirst(Int(start)).prefix(count))
        }
    }

    static let pieceBytes = 64 << 10

    func bytes(from start: Int64, count: Int) async throws -> [UInt8] {
        guard start >= 0, start < length, count > 0 else { return [] }
        return try await read(start, Int(min(Int64(count), length - start)))
    }

    /// Exactly so many; throws ``FileRefusal/malformed`` when the file ends before.
    func exactly(_ count: Int, from start: Int64) async throws -> [UInt8] {
        let bytes = try await bytes(from: start, count: count)
        guard bytes.count == count else { throw FileRefusal.malformed }
        return bytes
    }

    /// Every piece in order, each with the last `overlap` bytes of the one before.
    func scan(
        from start: Int64 = 0, overlap: Int = 0, _ look: (_ piece: [UInt8], _ start: Int64) throws -> Void
    ) async throws {
        var position = start
        var carried: [UInt8] = []
        while position < length {
            let piece = try await bytes(from: position, count: Self.pieceBytes)
            guard !piece.isEmpty else { throw FileRefusal.malformed }
            try look(carried + piece, position - Int64(carried.count))
            position += Int64(piece.count)
            carried = overlap == 0 ? [] : Array((carried + piece).suffix(overlap))
        }
    }
}

/// A window over a file for readers that go through it in small steps.
struct FileWindow {
    private let source: FileSource
    private var bytes: [UInt8] = []
    private var start: Int64 = 0

    init(_ source: FileSource) {
        self.source = source
    }

    var length: Int64 { source.length }

    /// Exactly so many bytes, at most a piece; throws ``FileRefusal/malformed`` when the file ends before.
    mutating func take(_ count: Int, at position: Int64) async throws -> ArraySlice<UInt8> {
        if position < start || position + Int64(count) > start + Int64(bytes.count) {
            bytes = try await source.bytes(from: position, count: max(count, FileSource.pieceBytes))
            start = position
        }
        let low = Int(position - start)
        guard count >= 0, low + count <= bytes.count else { throw FileRefusal.malformed }
        return bytes[low..<low + count]
    }
}

extension Collection<UInt8> {
    /// As a number, the first byte highest.
    var bigEndian: Int { reduce(0) { $0 << 8 | Int($1) } }
    /// As a number, the first byte lowest.
    var littleEndian: Int { reversed().reduce(0) { $0 << 8 | Int($1) } }
}
