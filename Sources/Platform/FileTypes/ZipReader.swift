/// Reads the directory at the end of a ZIP. Nothing is ever unpacked.
enum ZipReader {
    private static let endBytes = 22
    private static let longestComment = 65_535
    private static let mostEntries = 10_000
    /// What a document may unpack to: as bytes, and as a multiple of its packed size.
    private static let mostBytes = 100 << 20
    private static let mostTimes = 100
    /// A small entry may be all zeros: what counts are those that fill a memory.
    private static let smallEntry = 1 << 20

    /// What the end of a directory says.
    private struct End {
        let position: Int64
        let entries: Int
        let size: Int64
        let offset: Int64
        let comment: Int

        init(_ bytes: ArraySlice<UInt8>, at position: Int64) {
            let bytes = Array(bytes)
            self.position = position
            entries = bytes[10..<12].littleEndian
            size = Int64(bytes[12..<16].littleEndian)
            offset = Int64(bytes[16..<20].littleEndian)
            comment = bytes[20..<22].littleEndian
        }
    }

    /// A Word document has its list of content types, and its parts in one folder; its directory promises nothing that would
    /// fill a memory (rules/documents 4).
    static func requireWordDocument(_ file: FileSource) async throws {
        let ends = try await ends(of: file)
        guard let end = ends.last(where: { $0.position + Int64(endBytes + $0.comment) == file.length }),
            end.offset + end.size == end.position, end.entries <= mostEntries
        else { throw FileRefusal.malformed }
        var (window, position) = (FileWindow(file), end.offset)
        var (packed, unpacked) = (0, 0)
        var (hasTypes, hasFolder) = (false, false)
        for _ in 0..<end.entries {
            let head = Array(try await window.take(46, at: position))
            guard head.starts(with: [0x50, 0x4B, 0x01, 0x02]) else { throw FileRefusal.malformed }
            let (entryPacked, entryUnpacked) = (head[20..<24].littleEndian, head[24..<28].littleEndian)
            let nameBytes = head[28..<30].littleEndian
            let name = String(decoding: try await window.take(nameBytes, at: position + 46), as: UTF8.self)
            packed += entryPacked
            unpacked += entryUnpacked
            guard unpacked <= mostBytes, entryUnpacked <= smallEntry || entryUnpacked / mostTimes <= entryPacked else {
                throw FileRefusal.bomb
            }
            if name == "[Content_Types].xml" { hasTypes = true }
            if name.hasPrefix("word/") { hasFolder = true }
            position += Int64(46 + nameBytes + head[30..<32].littleEndian + head[32..<34].littleEndian)
            guard position <= end.position else { throw FileRefusal.malformed }
        }
        guard position == end.position else { throw FileRefusal.malformed }
        guard unpacked / mostTimes <= max(packed, 1) else { throw FileRefusal.bomb }
        guard hasTypes, hasFolder else { throw FileRefusal.unsupported }
    }

    /// Whether a file that begins as something else is an archive, too, for those who read it from its end.
    ///
    /// - Parameter strictly: only where the archive ends with the file.
    static func isHidden(in file: FileSource, strictly: Bool) async throws -> Bool {
        for end in try await ends(of: file) where end.size > 0 && end.size <= end.position {
            guard !strictly || end.position + Int64(endBytes + end.comment) == file.length else { continue }
            let start = try await file.bytes(from: end.position - end.size, count: 4)
            if start == [0x50, 0x4B, 0x01, 0x02] { return true }
        }
        return false
    }

    /// Everything that looks like the end of a directory, in order.
    private static func ends(of file: FileSource) async throws -> [End] {
        let start = max(0, file.length - Int64(longestComment + endBytes))
        let tail = try await file.bytes(from: start, count: longestComment + endBytes)
        guard tail.count >= endBytes else { return [] }
        return (0...tail.count - endBytes).compactMap { index in
            guard tail[index] == 0x50, tail[index + 1] == 0x4B, tail[index + 2] == 0x05, tail[index + 3] == 0x06 else {
                return nil
            }
            return End(tail[index..<index + endBytes], at: start + Int64(index))
        }
    }
}
