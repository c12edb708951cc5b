/// Goes through the chunks of a WebP.
enum WebPReader {
    /// What decides how the picture looks; everything else describes.
    private static let needed: Set<String> = ["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]

    static func read(_ file: FileSource) async throws -> ImageContent {
        var image = ImageContent()
        var window = FileWindow(file)
        let head = Array(try await window.take(12, at: 0))
        guard Int64(head[4..<8].littleEndian) + 8 == file.length else { throw FileRefusal.malformed }
        image.keep(0..<12)
        var position: Int64 = 12
        var orientation: UInt8?
        var features: (start: Int64, content: [UInt8])?
        for _ in 0..<ImageContent.mostParts where position < file.length {
            let chunk = Array(try await window.take(8, at: position))
            let (type, length) = (String(decoding: chunk[..<4], as: UTF8.self), chunk[4...].littleEndian)
            let end = position + 8 + Int64(length) + Int64(length % 2)
            guard end <= file.length else { throw FileRefusal.malformed }
            let content = try await file.bytes(from: position + 8, count: min(length, FileSource.pieceBytes))
            switch type {
            case "VP8X":
                guard position == 12, content.count == 10 else { throw FileRefusal.malformed }
                features = (position, content)
                image.keep(position..<end)
            case "EXIF":
                let tiff = content.starts(with: Array("Exif\u{0}\u{0}".utf8)) ? content.dropFirst(6) : content[...]
                orientation = CameraData.orientation(in: tiff)
                let kept = orientation.map(CameraData.only)
                if let kept, kept == content {
                    image.keep(position..<end)
                } else {
                    image.leaveOut(replacedBy: kept.map(exif) ?? [])
                }
            default:
                if needed.contains(type) { image.keep(position..<end) } else { image.leaveOut() }
            }
            if let size = size(type, content) { try ImageContent.checkSize(size.width, size.height) }
            position = end
        }
        guard position == file.length else { throw FileRefusal.malformed }
        rewriteHead(&image, head, features?.content, keepsOrientation: orientation != nil)
        return image
    }

    /// The length of what is left, and flags that no longer promise metadata.
    private static func rewriteHead(
        _ image: inout ImageContent, _ head: [UInt8], _ features: [UInt8]?, keepsOrientation: Bool
    ) {
        guard image.essence != nil else { return }
        var bytes = head
        let length = UInt32(truncatingIfNeeded: image.keptBytes - 8)
        for place in 0..<4 { bytes[4 + place] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(place))) }
        guard var features else { return image.replaceStart(12, by: bytes) }
        features[0] &= keepsOrientation ? ~0x04 : ~0x0C
        image.replaceStart(30, by: bytes + Array("VP8X".utf8) + [10, 0, 0, 0] + features)
    }

    private static func exif(_ tiff: [UInt8]) -> [UInt8] {
        Array("EXIF".utf8) + [UInt8(tiff.count), 0, 0, 0] + tiff
    }

    private static func size(_ type: String, _ content: [UInt8]) -> (width: Int, height: Int)? {
        switch type {
        case "VP8X" where content.count >= 10:
            (content[4..<7].littleEndian + 1, content[7..<10].littleEndian + 1)
        case "VP8 " where content.count >= 10:
            (content[6..<8].littleEndian & 0x3FFF, content[8..<10].littleEndian & 0x3FFF)
        case "VP8L" where content.count >= 5:
            (content[1..<5].littleEndian & 0x3FFF + 1, content[1..<5].littleEndian >> 14 & 0x3FFF + 1)
        default: nil
        }
    }
}
