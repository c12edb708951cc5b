import CareSyncCore
import JSONCoding
import NIOCore

/// What stands above the content of a part.
struct MultipartPart: Sendable {
    let field: String
    /// `nil` for a field that is no file.
    let fileName: String?
    let contentType: String?
}

/// Cuts a `multipart/form-data` body at its boundaries, as it arrives.
struct MultipartParser {
    enum Piece {
        case part(MultipartPart)
        /// Of the part that began last.
        case content(ByteBuffer)
        case partEnd
        case end
    }

    private enum State {
        case start, boundary, headers, content, ended
    }

    private static let maximumParts = 64
    private static let maximumHeaders = 16
    private static let lineLength = 8_192

    static var broken: Problem { malformed("The multipart body is malformed.") }

    private let delimiter: [UInt8]
    private var state = State.start
    private var buffer = ByteBuffer()
    private var headers: [String: String] = [:]
    private var names: Set<String> = []

    init(contentType: String?) throws {
        let contentType = HeaderParameters(contentType ?? "")
        guard contentType.value == "multipart/form-data" else {
            throw Problem(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be multipart/form-data.")
        }
        guard let boundary = contentType["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw Self.malformed("The boundary is missing.")
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    mutating func append(_ bytes: ByteBuffer) {
        guard state != .ended else { return }
        // What was read must not stay: a buffer that is only written to grows to the size of the body.
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            return
        }
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// Bytes of memory that are held for what cannot be told yet.
    var heldBytes: Int { buffer.storageCapacity }

    /// What comes next; `nil` when that cannot be told before more bytes are here.
    mutating func next() throws -> Piece? {
        switch state {
        case .start:
            let first = delimiter.dropFirst(2)
            guard buffer.readableBytes >= first.count else { return nil }
            guard buffer.readBytes(length: first.count) == Array(first) else { throw Self.broken }
            state = .boundary
            return try next()
        case .boundary: return try boundary()
        case .headers: return try part()
        case .content: return content()
        case .ended: return .end
        }
    }

    /// Behind a boundary: `--` ends the body, a line break begins a part.
    private mutating func boundary() throws -> Piece? {
        switch buffer.readBytes(length: 2) {
        case [UInt8(ascii: "-"), UInt8(ascii: "-")]:
            state = .ended
            buffer = ByteBuffer()
            return .end
        case [UInt8(ascii: "\r"), UInt8(ascii: "\n")]:
            guard names.count < Self.maximumParts else { throw Self.broken }
            state = .headers
            headers = [:]
            return try part()
        case nil: return nil
        default: throw Self.broken
        }
    }

    private mutating func part() throws -> Piece? {
        while let line = try self.line() {
            guard line.isEmpty else {
                try read(header: line)
                continue
            }
            let disposition = HeaderParameters(headers["content-disposition"] ?? "")
            guard disposition.value == "form-data", let name = disposition["name"], !name.isEmpty else {
                throw Self.broken
            }
            guard names.insert(name).inserted else {
                var path = JSONPath()
                path.append(key: name)
                throw Problem.validation([FieldError(field: path.description, message: "is given more than once")])
            }
            state = .content
            return .part(
                MultipartPart(field: name, fileName: disposition["filename"], contentType: headers["content-type"]))
        }
        return nil
    }

    private mutating func line() throws -> String? {
        let view = buffer.readableBytesView
        guard let end = view.prefix(Self.lineLength).firstRange(of: Array("\r\n".utf8))?.lowerBound else {
            guard view.count < Self.lineLength else { throw Self.broken }
            return nil
        }
        // A lone line break, NUL and similar characters would end up in names of fields and files.
        guard let bytes = buffer.readBytes(length: end - view.startIndex),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }), let line = String(validating: bytes, as: UTF8.self)
        else { throw Self.broken }
        buffer.moveReaderIndex(forwardBy: 2)
        return line
    }

    private mutating func read(header line: String) throws {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), headers.count < Self.maximumHeaders else {
            throw Self.broken
        }
        let value = line.utf8[colon...].dropFirst().drop { $0 == UInt8(ascii: " ") }
        guard headers.updateValue(String(Substring(value)), forKey: line[..<colon].lowercased()) == nil else {
            throw Self.broken
        }
    }

    /// Content up to the next boundary, or as much of it as is certain.
    private mutating func content() -> Piece? {
        let (length, isWhole) = contentLength()
        if length > 0 { return buffer.readSlice(length: length).map { .content($0) } }
        guard isWhole else { return nil }
        buffer.moveReaderIndex(forwardBy: delimiter.count)
        state = .boundary
        return .partEnd
    }

    /// Bytes before the next boundary: the delimiter with a line break or `--` behind it. A file may hold anything else,
    /// also a longer boundary that begins like this one.
    private func contentLength() -> (length: Int, isWhole: Bool) {
        buffer.withUnsafeReadableBytes { bytes in
            var start = 0
            while let found = bytes[start...].firstIndex(of: UInt8(ascii: "\r")) {
                let rest = bytes[found...]
                let following = rest.dropFirst(delimiter.count).prefix(2)
                if rest.starts(with: delimiter) {
                    if following.elementsEqual([0x0D, 0x0A]) || following.elementsEqual([0x2D, 0x2D]) {
                        return (found, true)
                    }
                    if following.isEmpty || following.elementsEqual([0x0D]) || following.elementsEqual([0x2D]) {
                        return (found, false)
                    }
                } else if rest.count < delimiter.count, delimiter.starts(with: rest) {
                    return (found, false)
                }
                start = found + 1
            }
            return (bytes.count, false)
        }
    }

    /// Text of a field: valid UTF-8 without NUL.
    static func text(_ content: ByteBuffer) throws -> String {
        guard !content.readableBytesView.contains(0),
            let text = String(validating: content.readableBytesView, as: UTF8.self)
        else { throw broken }
        return text
    }

    private static func malformed(_ message: String) -> Problem {
        Problem(.badRequest, "MALFORMED_REQUEST", message)
    }
}
