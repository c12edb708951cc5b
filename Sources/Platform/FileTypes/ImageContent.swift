/// A part of an image without its metadata.
package enum ImagePiece: Sendable, Equatable {
    /// Bytes of the file as they are.
    case range(Range<Int64>)
    /// What stands in the place of bytes that are left out: lengths, and the orientation.
    case bytes([UInt8])
}

/// An image as a reader of its format finds it.
struct ImageContent {
    private var pieces: [ImagePiece] = []
    private var hasMetadata = false

    /// Beyond this no camera goes, and a browser would need gigabytes to show it.
    private static let longestSide = 30_000
    private static let mostPixels = 250_000_000

    /// `nil` when everything was kept.
    var essence: [ImagePiece]? { hasMetadata ? pieces : nil }

    mutating func keep(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        if case .range(let last) = pieces.last, last.upperBound == range.lowerBound {
            pieces[pieces.count - 1] = .range(last.lowerBound..<range.upperBound)
        } else {
            pieces.append(.range(range))
        }
    }

    /// Leaves out what comes next in the file, and puts `bytes` in its place.
    mutating func leaveOut(replacedBy bytes: [UInt8] = []) {
        hasMetadata = true
        if !bytes.isEmpty { pieces.append(.bytes(bytes)) }
    }

    /// Puts other bytes where the file begins.
    mutating func replaceStart(_ count: Int64, by bytes: [UInt8]) {
        guard case .range(let first) = pieces.first, first.lowerBound == 0, first.upperBound >= count else { return }
        pieces[0] = .range(count..<first.upperBound)
        pieces.insert(.bytes(bytes), at: 0)
    }

    /// How many bytes are kept.
    var keptBytes: Int64 {
        pieces.reduce(0) { sum, piece in
            switch piece {
            case .range(let range): sum + Int64(range.count)
            case .bytes(let bytes): sum + Int64(bytes.count)
            }
        }
    }

    static func checkSize(_ width: Int, _ height: Int) throws {
        guard width <= longestSide, height <= longestSide, width * height <= mostPixels else {
            throw FileRefusal.bomb
        }
    }

    /// More parts than this no picture has.
    static let mostParts = 100_000
}

/// The orientation among the metadata of a camera: a TIFF structure.
enum CameraData {
    /// 2 to 8; `nil` for upright, or where nothing is said.
    static func orientation(in tiff: some RandomAccessCollection<UInt8>) -> UInt8? {
        let bytes = Array(tiff.prefix(FileSource.pieceBytes))
        guard bytes.count >= 14 else { return nil }
        let isBig = bytes.starts(with: Array("MM".utf8))
        guard isBig || bytes.starts(with: Array("II".utf8)) else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset + count <= bytes.count else { return nil }
            let part = bytes[offset..<offset + count]
            return isBig ? part.bigEndian : part.littleEndian
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for index in 0..<min(count, 512) {
            let entry = directory + 2 + 12 * index
            guard let tag = number(entry, 2) else { return nil }
            guard tag == 0x0112 else { continue }
            guard let value = number(entry + 8, 2), (2...8).contains(value) else { return nil }
            return UInt8(value)
        }
        return nil
    }

    /// A TIFF structure that says nothing but the orientation.
    static func only(_ orientation: UInt8) -> [UInt8] {
        Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    }
}
