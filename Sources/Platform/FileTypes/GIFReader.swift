/// Goes through the blocks of a GIF.
enum GIFReader {
    /// Extensions of applications that decide how the picture looks.
    private static let needed = ["NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012"]

    static func read(_ file: FileSource) async throws -> ImageContent {
        var image = ImageContent()
        var window = FileWindow(file)
        let head = Array(try await window.take(13, at: 0))
        try ImageContent.checkSize(head[6..<8].littleEndian, head[8..<10].littleEndian)
        var position = 13 + tableBytes(head[10])
        image.keep(0..<position)
        for _ in 0..<ImageContent.mostParts {
            let start = position
            switch try await window.take(1, at: position).first {
            case 0x3B:
                image.keep(position..<position + 1)
                guard position + 1 == file.length else { throw FileRefusal.malformed }
                return image
            case 0x2C:
                let descriptor = try await window.take(10, at: position)
                let flags = descriptor.last ?? 0
                position = try await endOfBlocks(at: position + 10 + tableBytes(flags) + 1, &window)
                image.keep(start..<position)
            case 0x21:
                let label = try await window.take(2, at: position).last
                let isKept = try await isNeeded(label, at: position + 2, &window)
                position = try await endOfBlocks(at: position + 2, &window)
                if isKept { image.keep(start..<position) } else { image.leaveOut() }
            default: throw FileRefusal.malformed
            }
        }
        throw FileRefusal.malformed
    }

    private static func tableBytes(_ flags: UInt8) -> Int64 { flags & 0x80 == 0 ? 0 : 3 << (Int64(flags & 7) + 1) }

    /// Comments and plain texts are not, nor what most applications add.
    private static func isNeeded(_ label: UInt8?, at position: Int64, _ window: inout FileWindow) async throws -> Bool {
        switch label {
        case 0xF9: return true
        case 0xFF:
            let name = try await window.take(12, at: position).dropFirst()
            return needed.contains(String(decoding: name, as: UTF8.self))
        default: return false
        }
    }

    /// The place behind a row of blocks, each of which begins with its length; an empty one ends the row.
    private static func endOfBlocks(at start: Int64, _ window: inout FileWindow) async throws -> Int64 {
        var position = start
        while true {
            let length = Int64(try await window.take(1, at: position).first ?? 0)
            position += 1 + length
            if length == 0 { return position }
            guard position < window.length else { throw FileRefusal.malformed }
        }
    }
}
