import CareSyncCore
import FileTypes
import ObjectStorage
import SealedFiles
import WebAPI

/// A file that has come in: sealed, and found to be what it may be.
struct ReceivedFile: Sendable {
    let name: String
    let kind: FileKind
    let isActiveContent: Bool
    let sealed: SealedFile
}

/// What a route takes.
enum FilePurpose: Sendable {
    /// A picture of a person, which loses what cameras write into it.
    case profileImage
    case document

    func admits(_ kind: FileKind) -> Bool {
        switch self {
        case .profileImage: kind.isImage
        case .document: kind != .gif
        }
    }
}

/// Takes files as they arrive. Nothing is stored yet when one is refused.
struct FileReceiver: Sendable {
    let inspector: FileInspector
    let settings: DocumentSettings
    /// The folder in which ciphertext waits.
    let spoolFolder: String
    let random: RandomSource

    func receive(_ file: StreamedForm.File, for purpose: FilePurpose) async throws -> ReceivedFile {
        let name = try Self.checked(file.name)
        do {
            let sealed = try await spool(file)
            let found = try await inspector.inspect(
                FileSource(length: sealed.length) { try await sealed.bytes(from: $0, count: $1) })
            guard purpose.admits(found.kind), found.kind.fits(name: name) else { throw DocumentError.unsupportedType }
            let kept = purpose == .profileImage ? try await withoutMetadata(sealed, found.essence) : sealed
            return ReceivedFile(name: name, kind: found.kind, isActiveContent: found.isActive, sealed: kept)
        } catch let refusal as FileRefusal {
            throw DocumentError(refusal)
        } catch SpoolingError.tooLarge {
            throw DocumentError.fileTooLarge
        } catch SpoolingError.empty {
            throw DocumentError.emptyFile
        } catch is StorageError {
            throw DocumentError.storageUnavailable
        } catch is NoMagic {
            throw DocumentError.checkUnavailable
        }
    }

    private func spool(_ file: StreamedForm.File) async throws -> SealedFile {
        let writer = try SealedFileWriter(
            directory: spoolFolder, limit: settings.uploadLimit, random: random)
        for try await piece in file.content { try await writer.append(piece) }
        return try await writer.finish()
    }

    private func withoutMetadata(_ file: SealedFile, _ essence: [ImagePiece]?) async throws -> SealedFile {
        guard let essence else { return file }
        let writer = try SealedFileWriter(
            directory: spoolFolder, limit: settings.uploadLimit, random: random)
        for piece in essence {
            switch piece {
            case .range(let range): try await file.copy(range, to: writer)
            case .bytes(let bytes): try await writer.append(bytes)
            }
        }
        return try await writer.finish()
    }

    /// A name of any script, of one line and without folders (rules/documents 3). It is refused, never corrected.
    private static func checked(_ name: String) throws -> String {
        let complaint =
            TextSort.name.complaint(name, limit: 255, needsContent: true)
            ?? (name.contains { $0 == "/" || $0 == "\\" } || name == "." || name == ".."
                ? "must not name a folder" : nil)
        if let complaint { throw Problem.invalid("file", "INVALID_ARGUMENT", "The file name \(complaint).") }
        return name
    }
}
