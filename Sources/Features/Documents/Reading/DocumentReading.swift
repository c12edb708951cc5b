import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Logging
import ObjectStorage
import Persistence
import SealedFiles
import WebAPI

/// A document somebody may read now.
struct OpenedDocument: Sendable {
    let document: Document
    let place: SealedPlace
    let isShownInline: Bool
}

/// Reads files: who may, what is left in the audit log, and the bytes.
struct DocumentReading: Sendable {
    let database: any Database
    let vault: DocumentVault
    let access: DocumentAccess
    let links: DocumentLinks
    let files: SealedFileReader
    let logger: Logger

    /// For an account that is signed in.
    func open(_ id: DocumentID, for reader: Reader, origin: RequestOrigin) async throws -> OpenedDocument {
        try await database.readAudited { db in
            guard let document = try DocumentRepository(db: db).find(id),
                let grant = try access.grant(reader, document, db)
            else { throw DocumentError.notFound }
            let entry = AuditEntry(
                .readPHI, "documents", "\(id)", by: origin, patient: document.owner.patient,
                reason: grant.auditReason)
            // A picture that everybody may see is no access to anybody's data.
            return (try opened(document, db), document.type == .profileImage ? [] : [entry])
        }
    }

    /// For whoever has a link. The account it was made for must still be allowed to read.
    func open(
        _ id: DocumentID, by link: FileLink, _ disposition: ContentDisposition, origin: RequestOrigin
    ) async throws -> OpenedDocument {
        let reader = try links.reader(of: link, to: id, disposition, at: database.services.time.now)
        guard let reader else {
            return try await database.read { db in
                guard let document = try DocumentRepository(db: db).findPublic(id) else { throw DocumentError.notFound }
                return try opened(document, db)
            }
        }
        let found: LinkReader? = try await database.read { db in
            try db.first("SELECT u.username, u.role FROM users u WHERE u.id = \(reader) AND u.is_active")
        }
        guard let found else { throw DocumentError.notFound }
        let principal = Principal(
            userID: reader, username: found.username, role: found.role, sessionID: SessionID(1))
        return try await open(id, for: Reader(principal), origin: origin.known(as: principal))
    }

    private struct LinkReader: RowDecodable {
        let username: String
        let role: Role

        init(row: Row) throws {
            username = try row.value("username")
            role = try row.value("role")
        }
    }

    /// `nil` in place of what belongs to an erased patient.
    func opened(_ document: SealedDocument, _ db: any Connection) throws -> OpenedDocument {
        guard let place = try vault.place(of: document, db), let opened = try vault.open(document, db) else {
            throw DocumentError.notFound
        }
        return OpenedDocument(document: opened, place: place, isShownInline: document.isShownInline)
    }

    /// The bytes, the first of them proven.
    func content(of document: OpenedDocument, range: Range<Int64>?) async throws -> SealedContent {
        do {
            return try await files.open(document.place, range: range)
        } catch is DamagedFile {
            throw IntegrityFailure(DocumentVault.Column.content.context(document.document.id))
        } catch is StorageError {
            throw DocumentError.storageUnavailable
        }
    }

    /// A later part is not what was stored: the log names the row, and the caller cuts the connection.
    func noteDamage(_ error: any Error, in document: Document) {
        guard error is DamagedFile else { return }
        let failure = IntegrityFailure(DocumentVault.Column.content.context(document.id))
        logger.error("a stored document is damaged", metadata: ["place": "\(failure)"])
    }
}
