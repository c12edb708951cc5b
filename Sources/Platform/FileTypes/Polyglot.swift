/// A file that is two things at once: harmless here, and something else where it is opened.
enum Polyglot {
    /// Browsers and other readers look this far for what a file may be.
    private static let startBytes = 1_024
    /// Behind a `<`, in any case of letters.
    private static let pages = ["html", "!doctype html", "script", "iframe", "body", "svg", "?php"].map {
        Array($0.utf8)
    }
    /// Long enough that no picture has them by chance.
    private static let anywhere = pages.filter { $0.count > 3 }

    static func refuse(_ file: FileSource, _ kind: FileKind, head: [UInt8]) async throws {
        let start = Array(head.prefix(startBytes))
        if kind != .pdf, contains(start, UInt8(ascii: "%"), before: [Array("pdf-".utf8)]) {
            throw FileRefusal.malformed
        }
        guard !contains(start, UInt8(ascii: "<"), before: pages) else { throw FileRefusal.malformed }
        if kind.isImage {
            try await file.scan(overlap: 32) { piece, _ in
                guard !contains(piece, UInt8(ascii: "<"), before: anywhere) else { throw FileRefusal.malformed }
            }
        }
        guard kind != .docx else { return }
        // A PDF may carry an archive inside; a picture has no place for one.
        if try await ZipReader.isHidden(in: file, strictly: !kind.isImage) { throw FileRefusal.malformed }
    }

    /// Whether one of the words stands behind the mark, in any case of letters.
    private static func contains(_ bytes: [UInt8], _ mark: UInt8, before words: [[UInt8]]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            for place in bytes.indices where bytes[place] == mark {
                let rest = bytes[(place + 1)...]
                if words.contains(where: { word in
                    rest.count >= word.count && zip(rest, word).allSatisfy { lower($0) == $1 }
                }) {
                    return true
                }
            }
            return false
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
