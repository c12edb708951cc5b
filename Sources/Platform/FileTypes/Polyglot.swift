/// A file that is two things at once: harmless here, and something else where it is opened.
enum Polyglot {
    /// Browsers and other readers look this far for what a file may be.
    private static let startBytes = 1_024
    private static let pages = ["<html", "<!doctype html", "<script", "<iframe", "<body", "<svg", "<?php"].map {
        Array($0.utf8)
    }
    /// Long enough that no picture has them by chance.
    private static let anywhere = pages.filter { $0.count > 4 }

    static func refuse(_ file: FileSource, _ kind: FileKind, head: [UInt8]) async throws {
        let start = Array(head.prefix(startBytes))
        if kind != .pdf, contains(start, Array("%pdf-".utf8)) { throw FileRefusal.malformed }
        guard !pages.contains(where: { contains(start, $0) }) else { throw FileRefusal.malformed }
        if kind.isImage {
            try await file.scan(overlap: 32) { piece, _ in
                guard !anywhere.contains(where: { contains(piece, $0) }) else { throw FileRefusal.malformed }
            }
        }
        guard kind != .docx else { return }
        // A PDF may carry an archive inside; a picture has no place for one.
        if try await ZipReader.isHidden(in: file, strictly: !kind.isImage) { throw FileRefusal.malformed }
    }

    /// In any case of letters.
    private static func contains(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard let first = word.first, bytes.count >= word.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in 0...bytes.count - word.count where lower(bytes[start]) == first {
                var index = 1
                while index < word.count, lower(bytes[start + index]) == word[index] { index += 1 }
                if index == word.count { return true }
            }
            return false
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
