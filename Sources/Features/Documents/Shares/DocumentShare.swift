import CareSyncCore
import Persistence

enum ShareTag {}
typealias ShareID = ID<ShareTag>

/// A link by which a patient shows one document to whoever has it.
struct DocumentShare: RowDecodable, Equatable {
    let id: ShareID
    let documentID: DocumentID
    let createdAt: Instant
    let expiresAt: Instant
    /// `nil` for any number.
    let maxViews: Int?
    let views: Int
    let revokedAt: Instant?

    static let columns: SQL = "s.id, s.document_id, s.created_at, s.expires_at, s.max_views, s.views, s.revoked_at"

    init(row: Row) throws {
        id = try row.value("id")
        documentID = try row.value("document_id")
        createdAt = try row.value("created_at")
        expiresAt = try row.value("expires_at")
        maxViews = try row.value("max_views")
        views = try row.value("views")
        revokedAt = try row.value("revoked_at")
    }

    /// Open shares of one document.
    static let mostOpen = 20
}

struct ShareRepository {
    let db: any Connection

    /// With the account of its patient it ends for as long as that is closed.
    private static func isOpen(at now: Instant) -> SQL {
        """
        s.revoked_at IS NULL AND s.expires_at > \(now) AND (s.max_views IS NULL OR s.views < s.max_views)
        AND EXISTS (SELECT 1 FROM documents d JOIN users u ON u.id = d.patient_id
                    WHERE d.id = s.document_id AND u.is_active)
        """
    }

    /// The newest first.
    func page(of document: DocumentID, _ page: PageRequest) throws -> Page<DocumentShare> {
        let batch = Batch()
        let rows = batch.all(
            DocumentShare.self,
            """
            SELECT \(DocumentShare.columns) FROM document_shares s
            WHERE s.document_id = \(document) AND s.revoked_at IS NULL
            ORDER BY s.created_at DESC, s.id DESC LIMIT \(page.limit) OFFSET \(page.offset)
            """)
        let total =
            page.isPaged
            ? batch.value(
                Int.self,
                "SELECT count(*) FROM document_shares s WHERE s.document_id = \(document) AND s.revoked_at IS NULL")
            : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    func countOpen(of document: DocumentID, at now: Instant) throws -> Int {
        try db.value(
            "SELECT count(*) FROM document_shares s WHERE s.document_id = \(document) AND \(Self.isOpen(at: now))")
            ?? 0
    }

    func findOpen(token digest: [UInt8], at now: Instant) throws -> DocumentShare? {
        try db.first(
            """
            SELECT \(DocumentShare.columns) FROM document_shares s
            WHERE s.token_digest = \(digest) AND \(Self.isOpen(at: now))
            """)
    }

    func insert(
        _ id: ShareID, of document: DocumentID, token digest: [UInt8], expiresAt: Instant, maxViews: Int?,
        at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO document_shares (id, document_id, token_digest, created_at, expires_at, max_views)
            VALUES (\(id), \(document), \(digest), \(now), \(expiresAt), \(maxViews))
            """)
    }

    /// Counts one view, if there is one left; of many at once no more are counted than there are.
    func countView(_ id: ShareID, at now: Instant) throws -> Bool {
        try db.run(
            "UPDATE document_shares AS s SET views = views + 1 WHERE s.id = \(id) AND \(Self.isOpen(at: now))") == 1
    }

    func revoke(_ id: ShareID, of document: DocumentID, at now: Instant) throws -> Bool {
        try db.run(
            """
            UPDATE document_shares SET revoked_at = \(now)
            WHERE id = \(id) AND document_id = \(document) AND revoked_at IS NULL
            """) == 1
    }
}
