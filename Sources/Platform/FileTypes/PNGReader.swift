import CZlib

/// Goes through the chunks of a PNG.
enum PNGReader {
    /// What decides how the picture looks; everything else describes.
    private static let needed: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
        "pHYs", "hIST", "sPLT", "acTL", "fcTL", "fdAT",
    ]

    static func read(_ file: FileSource) async throws -> ImageContent {
        var image = ImageContent()
        var window = FileWindow(file)
        image.keep(0..<8)
        var position: Int64 = 8
        for index in 0..<ImageContent.mostParts {
            guard position < file.length else { return image }
            let head = Array(try await window.take(8, at: position))
            let (length, type) = (head[..<4].bigEndian, String(decoding: head[4...], as: UTF8.self))
            let end = position + 12 + Int64(length)
            guard end <= file.length, (index == 0) == (type == "IHDR") else { throw FileRefusal.malformed }
            switch type {
            case "IHDR":
                let size = try await window.take(8, at: position + 8)
                try ImageContent.checkSize(size.prefix(4).bigEndian, size.suffix(4).bigEndian)
                image.keep(position..<end)
            case "IEND":
                image.keep(position..<end)
                guard end == file.length else { throw FileRefusal.malformed }
                return image
            case "eXIf":
                let content = try await file.bytes(from: position + 8, count: min(length, FileSource.pieceBytes))
                let kept = CameraData.orientation(in: content).map(CameraData.only)
                if let kept, kept == content {
                    image.keep(position..<end)
                } else {
                    image.leaveOut(replacedBy: kept.map { chunk("eXIf", $0) } ?? [])
                }
            default:
                if needed.contains(type) { image.keep(position..<end) } else { image.leaveOut() }
            }
            position = end
        }
        throw FileRefusal.malformed
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        let sum = UInt32(truncatingIfNeeded: crc32(0, body, UInt32(body.count)))
        func bytes(_ number: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
        return bytes(UInt32(content.count)) + body + bytes(sum)
    }
}
