import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Persistence
import SealedFiles

/// Patients share documents about them with whoever they give a link to.
struct ShareService: Sendable {
    let database: any Database
    let links: DocumentLinks
    let reading: DocumentReading

    func add(
        to document: DocumentID, lasting span: TimeSpan, maxViews: Int?, by patient: PatientID, origin: RequestOrigin,
        idempotency: Idempotency<DocumentShare>?
    ) async throws -> Replayable<DocumentShare> {
        try await database.write(idempotency: idempotency) { db in
            // Two requests at once must not both take the last place.
            try ProfileFiles.lock(patient, db)
            try Self.require(document, of: patient, db)
            let (shares, now) = (ShareRepository(db: db), db.now)
            guard try shares.countOpen(of: document, at: now) < DocumentShare.mostOpen else {
                throw DocumentError.tooManyShares
            }
            let id = ShareID(try db.nextID(DocumentSchema.shareIDs))
            let digest = Self.digest(links.shareToken(id))
            try shares.insert(
                id, of: document, token: digest, expiresAt: now + span, maxViews: maxViews, at: now)
            db.audit(
                AuditEntry(
                    .exportPHI, "documents", "\(document)", by: origin, patient: patient, reason: "SHARE \(id) ADDED"))
            guard let share = try shares.findOpen(token: digest, at: now) else { throw Problem.fault }
            return share
        }
    }

    func list(
        of document: DocumentID, for patient: PatientID, _ page: PageRequest
    ) async throws -> Page<DocumentShare> {
        try await database.read { db in
            try Self.require(document, of: patient, db)
            return try ShareRepository(db: db).page(of: document, page)
        }
    }

    func revoke(
        _ share: ShareID, of document: DocumentID, by patient: PatientID, origin: RequestOrigin
    ) async throws {
        try await database.write { db in
            try Self.require(document, of: patient, db)
            guard try ShareRepository(db: db).revoke(share, of: document, at: db.now) else {
                throw DocumentError.shareNotFound
            }
            db.audit(
                AuditEntry(
                    .exportPHI, "documents", "\(document)", by: origin, patient: patient,
                    reason: "SHARE \(share) ENDED"))
        }
    }

    /// Throws for a share that opens nothing.
    func requireOpen(_ token: String) async throws {
        try await database.read { db in
            guard try ShareRepository(db: db).findOpen(token: Self.digest(token), at: db.now) != nil else {
                throw DocumentError.shareNotFound
            }
        }
    }

    /// A shared document and its bytes. The view is counted when the bytes are at hand, so that none is lost to a store that
    /// does not answer.
    func view(
        _ token: String, countsView: Bool, origin: RequestOrigin
    ) async throws -> (document: OpenedDocument, content: SealedContent) {
        let digest = Self.digest(token)
        let found = try await database.read { [reading] db in
            guard let share = try ShareRepository(db: db).findOpen(token: digest, at: db.now),
                let document = try DocumentRepository(db: db).find(share.documentID)
            else { throw DocumentError.shareNotFound }
            return (share: share, document: try reading.opened(document, db))
        }
        let content = try await reading.content(of: found.document, range: nil)
        guard countsView else { return (found.document, content) }
        try await database.write { db in
            guard try ShareRepository(db: db).countView(found.share.id, at: db.now) else {
                throw DocumentError.shareNotFound
            }
            let document = found.document.document
            db.audit(
                AuditEntry(
                    .readPHI, "documents", "\(document.id)", by: origin, patient: document.owner.patient,
                    reason: "SHARE \(found.share.id)"))
        }
        return (found.document, content)
    }

    private static func digest(_ token: String) -> [UInt8] { Digest.sha256(Array(token.utf8)) }

    /// Somebody else's document is as unknown as one that does not exist.
    private static func require(_ id: DocumentID, of patient: PatientID, _ db: any Connection) throws {
        guard let document = try DocumentRepository(db: db).find(id), document.owner == .patient(patient) else {
            throw DocumentError.notFound
        }
    }
}
