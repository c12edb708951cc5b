/// Goes through the segments of a JPEG.
enum JPEGReader {
    private static let exif = Array("Exif\u{0}\u{0}".utf8)

    static func read(_ file: FileSource) async throws -> ImageContent {
        var image = ImageContent()
        var window = FileWindow(file)
        image.keep(0..<2)
        var position: Int64 = 2
        for _ in 0..<ImageContent.mostParts {
            guard position < file.length else { return image }
            // Any number of fill bytes may stand before a marker.
            let mark = try await window.take(min(2, Int(file.length - position)), at: position)
            guard mark.first == 0xFF else { throw FileRefusal.malformed }
            guard mark.count == 2, let marker = mark.last else { return image }
            switch marker {
            case 0xFF: position += 1
            case 0xD9:
                image.keep(position..<position + 2)
                try await end(&image, file, at: position + 2)
                return image
            case 0x01, 0xD0...0xD7:
                image.keep(position..<position + 2)
                position += 2
            case 0x00, 0x02..<0xC0: throw FileRefusal.malformed
            default: position = try await segment(marker, at: position, &image, &window, file)
            }
        }
        throw FileRefusal.malformed
    }

    /// The place behind a segment, and behind the picture data that follows some.
    private static func segment(
        _ marker: UInt8, at position: Int64, _ image: inout ImageContent, _ window: inout FileWindow,
        _ file: FileSource
    ) async throws -> Int64 {
        let length = try await window.take(2, at: position + 2).bigEndian
        guard length >= 2, position + 2 + Int64(length) <= file.length else { throw FileRefusal.malformed }
        var end = position + 2 + Int64(length)
        let content = Array(try await window.take(length - 2, at: position + 4))
        switch marker {
        case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker):
            guard content.count >= 5 else { throw FileRefusal.malformed }
            try ImageContent.checkSize(content[3..<5].bigEndian, content[1..<3].bigEndian)
        case 0xE1 where content.starts(with: exif):
            let orientation = CameraData.orientation(in: content.dropFirst(exif.count))
            let kept = orientation.map { exif + CameraData.only($0) } ?? []
            if kept != content {
                image.leaveOut(replacedBy: kept.isEmpty ? [] : [0xFF, 0xE1, 0, UInt8(kept.count + 2)] + kept)
                return end
            }
        case 0xE0...0xEF, 0xFE:
            guard isNeeded(marker, content) else {
                image.leaveOut()
                return end
            }
        case 0xDA: end = try await endOfScan(from: end, file)
        default: break
        }
        image.keep(position..<end)
        return end
    }

    /// What decides how the picture looks: density, colour profile, colour transformation. Everything else in application
    /// segments and comments describes.
    private static func isNeeded(_ marker: UInt8, _ content: [UInt8]) -> Bool {
        switch marker {
        case 0xE0: content.starts(with: Array("JFIF\u{0}".utf8))
        case 0xE2: content.starts(with: Array("ICC_PROFILE\u{0}".utf8))
        case 0xEE: content.starts(with: Array("Adobe".utf8))
        default: false
        }
    }

    /// Picture data ends at the next marker that is not one of its own.
    private static func endOfScan(from start: Int64, _ file: FileSource) async throws -> Int64 {
        var position = start
        while position < file.length {
            let piece = try await file.bytes(from: position, count: FileSource.pieceBytes)
            guard piece.count > 1 else { return file.length }
            let found = piece.withUnsafeBytes { bytes -> Int? in
                var index = 0
                while index < bytes.count - 1 {
                    if bytes[index] == 0xFF, bytes[index + 1] != 0, !(0xD0...0xD7).contains(bytes[index + 1]),
                        bytes[index + 1] != 0xFF
                    {
                        return index
                    }
                    index += 1
                }
                return nil
            }
            if let found { return position + Int64(found) }
            // The last byte may be the first of a marker.
            position += Int64(piece.count - 1)
        }
        return file.length
    }

    /// Behind the picture telephones put further pictures or a film. Anything else there makes it another file as well.
    private static func end(_ image: inout ImageContent, _ file: FileSource, at position: Int64) async throws {
        guard position < file.length else { return }
        let rest = try await file.bytes(from: position, count: 4_096).drop { $0 == 0 }
        let film = try await file.bytes(from: position + 4, count: 4)
        let tail = try await file.bytes(from: max(position, file.length - 4), count: 4)
        let isFurther =
            rest.isEmpty || rest.starts(with: [0xFF, 0xD8, 0xFF]) || film == Array("ftyp".utf8)
            || tail == Array("SEFT".utf8)
        guard isFurther else { throw FileRefusal.malformed }
        image.leaveOut()
    }
}
