/// What a file turned out to be.
package struct FileInspection: Sendable, Equatable {
    package let kind: FileKind
    /// A PDF that does something by itself: it has a script, starts a program or carries other files, or hides whether it
    /// does.
    package let isActive: Bool
    /// Of an image: what is left of it without descriptions of who, where and when. The orientation is kept. `nil` when there
    /// is nothing to leave out.
    package let essence: [ImagePiece]?
}

/// Finds out what a file is from its bytes; names and claims of clients count for nothing.
///
/// libmagic says what it looks like, and a reader of that kind goes through its structure (rules/documents 4).
package struct FileInspector: Sendable {
    private let magic: MagicThread

    package init() throws {
        magic = try MagicThread()
    }

    /// Throws ``FileRefusal`` for what is not taken.
    package func inspect(_ file: FileSource) async throws -> FileInspection {
        let head = try await file.bytes(from: 0, count: FileSource.pieceBytes)
        guard let kind = Self.kind(of: head) else { throw FileRefusal.unsupported }
        guard Self.fits(kind, try await magic.contentType(of: head)) else { throw FileRefusal.unsupported }
        try await Polyglot.refuse(file, kind, head: head)
        switch kind {
        case .jpeg: return Self.image(kind, try await JPEGReader.read(file))
        case .png: return Self.image(kind, try await PNGReader.read(file))
        case .webp: return Self.image(kind, try await WebPReader.read(file))
        case .gif: return Self.image(kind, try await GIFReader.read(file))
        case .pdf: return FileInspection(kind: kind, isActive: try await PDFReader.isActive(file), essence: nil)
        case .doc: try await CompoundFileReader.requireWordDocument(file)
        case .docx: try await ZipReader.requireWordDocument(file)
        }
        return FileInspection(kind: kind, isActive: false, essence: nil)
    }

    private static func image(_ kind: FileKind, _ image: ImageContent) -> FileInspection {
        FileInspection(kind: kind, isActive: false, essence: image.essence)
    }

    /// By the first bytes, which no reader of the kind does without.
    private static func kind(of head: [UInt8]) -> FileKind? {
        func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: bytes) }
        if begins([0xFF, 0xD8, 0xFF]) { return .jpeg }
        if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if begins(Array("RIFF".utf8)), begins(Array("WEBP".utf8), at: 8) { return .webp }
        if begins(Array("GIF87a".utf8)) || begins(Array("GIF89a".utf8)) { return .gif }
        if begins(Array("%PDF-".utf8)) { return .pdf }
        if begins([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) { return .doc }
        if begins([0x50, 0x4B, 0x03, 0x04]) { return .docx }
        return nil
    }

    /// Of archives and compound files libmagic sees the first piece, which may not tell what is in them.
    private static func fits(_ kind: FileKind, _ contentType: String) -> Bool {
        if contentType == kind.contentType { return true }
        switch kind {
        case .doc:
            return [
                "application/CDFV2", "application/x-ole-storage", "application/vnd.ms-office",
                "application/octet-stream", "application/vnd.ms-word",
            ].contains(contentType)
        case .docx:
            return contentType == "application/zip" || contentType == "application/octet-stream"
                || contentType.hasPrefix("application/vnd.openxmlformats-officedocument")
        default: return false
        }
    }
}
