import CareSyncCore
import Persistence

struct DocumentRepository {
    let db: any Connection

    /// Which documents a list shows.
    struct Filter: Sendable {
        let owner: DocumentOwner
        var only: DocumentType?
        var except: [DocumentType] = []

        fileprivate var condition: SQL {
            let owned = DocumentRepository.owned(by: owner)
            let type: SQL = only.map { " AND d.document_type = \($0)" } ?? ""
            let others: SQL = except.isEmpty ? "" : " AND d.document_type NOT IN \(in: except)"
            return "\(owned) AND d.deleted_at IS NULL\(type)\(others)"
        }
    }

    private static func owned(by owner: DocumentOwner) -> SQL {
        switch owner {
        case .patient(let patient): "d.patient_id = \(patient)"
        case .doctor(let doctor): "d.doctor_id = \(doctor)"
        }
    }

    /// `nil` also for what was deleted.
    func find(_ id: DocumentID) throws -> SealedDocument? {
        try db.first(
            "SELECT \(SealedDocument.columns) FROM documents d WHERE d.id = \(id) AND d.deleted_at IS NULL")
    }

    /// A document that can be read without signing in.
    func findPublic(_ id: DocumentID) throws -> SealedDocument? {
        try db.first(
            """
            SELECT \(SealedDocument.columns) FROM documents d
            WHERE d.id = \(id) AND d.deleted_at IS NULL AND \(SealedDocument.isPublic)
            """)
    }

    func exists(object name: String) throws -> Bool {
        try db.exists("SELECT 1 FROM documents WHERE object_name = \(name)")
    }

    /// The newest first.
    func page(_ filter: Filter, _ page: PageRequest) throws -> Page<SealedDocument> {
        try list("SELECT d.id, d.created_at FROM documents d WHERE \(filter.condition)", page)
    }

    /// A doctor's own, and those of the patients that `treated` selects, since then.
    func recent(of doctor: DoctorID, treated: SQL, since: Instant, _ page: PageRequest) throws -> Page<SealedDocument> {
        try list(
            """
            SELECT d.id, d.created_at FROM documents d
            WHERE d.doctor_id = \(doctor) AND d.deleted_at IS NULL AND d.created_at >= \(since)
            UNION ALL
            SELECT d.id, d.created_at FROM documents d
            WHERE d.patient_id IN (\(treated)) AND d.deleted_at IS NULL AND d.created_at >= \(since)
              AND d.document_type NOT IN \(in: DocumentType.ownersOnly)
            """, page)
    }

    /// The page's ids are taken first, so that rows are fetched for nothing that is skipped.
    private func list(_ found: SQL, _ page: PageRequest) throws -> Page<SealedDocument> {
        let batch = Batch()
        let rows = batch.all(
            SealedDocument.self,
            """
            SELECT \(SealedDocument.columns)
            FROM (SELECT id FROM (\(found)) found ORDER BY created_at DESC, id DESC
                  LIMIT \(page.limit) OFFSET \(page.offset)) taken
                JOIN documents d ON d.id = taken.id
            ORDER BY d.created_at DESC, d.id DESC
            """)
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM (\(found)) found") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    /// A report of a laboratory booking.
    struct LabReport: RowDecodable {
        let booking: Int64
        let document: SealedDocument

        init(row: Row) throws {
            booking = try row.value("booking_id")
            document = try SealedDocument(row: row)
        }
    }

    /// The newest first.
    func labReports(ofBookings bookings: [Int64]) throws -> [LabReport] {
        try db.all(Self.labReports(ofBookings: bookings))
    }

    static func labReports(ofBookings bookings: [Int64]) -> SQL {
        """
        SELECT \(SealedDocument.columns), d.booking_id FROM documents d
        WHERE d.booking_id IN \(in: bookings) AND d.booking_id IS NOT NULL AND d.document_type = 'LAB_REPORT'
          AND d.deleted_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC
        """
    }

    /// How many documents of an owner people of one role have filed, without deleted ones, and the bytes that lie in the
    /// store for them; those that wait to be cleared away count.
    func usage(of owner: DocumentOwner, filedBy role: Role) throws -> (count: Int64, bytes: Int64) {
        var usage: (count: Int64, bytes: Int64) = (0, 0)
        try db.query(Self.usage(of: owner, filedBy: role)) {
            usage = (try $0.value(at: 0), try $0.value(at: 1))
        }
        return usage
    }

    static func usage(of owner: DocumentOwner, filedBy role: Role) -> SQL {
        let condition = owned(by: owner)
        return """
            SELECT count(*) - count(d.deleted_at), CAST(coalesce(sum(d.size), 0) AS bigint)
            FROM documents d WHERE \(condition) AND d.uploader_role = \(role)
            """
    }

    func insert(_ new: NewDocument, at now: Instant) throws {
        try db.run(
            """
            INSERT INTO documents (id, patient_id, doctor_id, document_type, booking_id, content_type,
                                   is_active_content, name, description, digest, size, object_name, ring_key,
                                   wrapped_key, is_public, uploaded_by, uploader_role, created_at, updated_at)
            VALUES (\(new.id), \(new.owner.patient), \(new.owner.doctor), \(new.type), \(new.booking),
                    \(new.contentType), \(new.isActiveContent), \(new.name), \(new.description), \(new.digest),
                    \(new.size), \(new.objectName), \(new.ringKey), \(new.wrappedKey), \(new.isPublic),
                    \(new.uploader), \(new.uploaderRole), \(now), \(now))
            """)
    }

    func update(_ id: DocumentID, description: [UInt8]?, at now: Instant) throws -> Bool {
        try db.run(
            """
            UPDATE documents SET description = \(description), updated_at = \(now)
            WHERE id = \(id) AND deleted_at IS NULL
            """) == 1
    }

    /// The object stays until the sweep. `false` when somebody was faster.
    func delete(_ id: DocumentID, by user: UserID, at now: Instant) throws -> Bool {
        try db.run(
            """
            UPDATE documents SET deleted_at = \(now), deleted_by = \(user), updated_at = \(now)
            WHERE id = \(id) AND deleted_at IS NULL
            """) == 1
    }

    /// An owner's profile images before the newest.
    func deleteImages(of owner: DocumentOwner, before newest: DocumentID, by user: UserID, at now: Instant) throws {
        let condition = Self.owned(by: owner)
        try db.run(
            """
            UPDATE documents AS d SET deleted_at = \(now), deleted_by = \(user), updated_at = \(now)
            WHERE \(condition) AND d.document_type = 'PROFILE_IMAGE' AND d.deleted_at IS NULL AND d.id <> \(newest)
            """)
    }
}

/// A row to be inserted; texts are sealed.
struct NewDocument {
    let id: DocumentID
    let owner: DocumentOwner
    let type: DocumentType
    let booking: Int64?
    let contentType: String
    let isActiveContent: Bool
    let name: [UInt8]
    let description: [UInt8]?
    let digest: [UInt8]
    let size: Int64
    let objectName: String
    let ringKey: String?
    let wrappedKey: [UInt8]
    let isPublic: Bool
    let uploader: UserID
    let uploaderRole: Role
}
