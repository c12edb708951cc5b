import CareSyncCore
import Persistence

struct PatientRepository {
    let db: any Connection

    func find(_ id: PatientID) throws -> SealedPatient? {
        try db.first("SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(id)")
    }

    func findRecord(_ id: PatientID) throws -> SealedRecord? {
        try db.first("SELECT \(SealedRecord.columns) FROM \(SealedRecord.tables) WHERE p.id = \(id)")
    }

    /// User names are ASCII; a letter that merely folds to one is another letter.
    func find(username: String) throws -> PatientID? {
        guard username.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return try db.value(
            "SELECT p.id FROM \(SealedRecord.tables) WHERE u.username_key = \(username.lowercased())")
    }

    /// Locks a patient's row until the transaction ends.
    func lock(_ id: PatientID) throws -> SealedPatient? {
        try db.first(
            """
            SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(id)\(db.dialect.forNoKeyUpdate(of: "p"))
            """)
    }

    func page(_ search: PatientSearch, _ request: PageRequest) throws -> Page<SealedRecord> {
        let batch = Batch()
        let rows = batch.all(SealedRecord.self, Self.page(search, request))
        let total = request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM (\(search.ids)) found") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: request, total: try total?.value ?? nil)
    }

    /// The page's ids are taken first, so that rows are fetched for nobody who is skipped.
    static func page(_ search: PatientSearch, _ request: PageRequest) -> SQL {
        """
        SELECT \(SealedRecord.columns)
        FROM (\(search.ids) ORDER BY id LIMIT \(request.limit) OFFSET \(request.offset)) page
            JOIN patients p ON p.id = page.id JOIN users u ON u.id = p.id
        ORDER BY p.id
        """
    }

    func list(_ ids: [PatientID]) throws -> [SealedRecord] {
        try db.all(
            "SELECT \(SealedRecord.columns) FROM \(SealedRecord.tables) WHERE p.id IN \(in: ids) ORDER BY p.id")
    }

    /// What patients say of their illnesses, of those whom a doctor has seen last.
    func illnesses(among treated: SQL, limit: Int) throws -> [SealedIllness] {
        try db.all(Self.illnesses(among: treated, limit: limit))
    }

    static func illnesses(among treated: SQL, limit: Int) -> SQL {
        """
        SELECT p.id, p.illness_details
        FROM (SELECT s.patient_id FROM (\(treated)) s ORDER BY s.last_start DESC, s.patient_id LIMIT \(limit)) page
            JOIN patients p ON p.id = page.patient_id
        WHERE p.illness_details IS NOT NULL
        ORDER BY p.id
        """
    }

    /// Writes what was sent and nothing else. The caller holds the lock of the row.
    func update(_ id: PatientID, _ assignments: [SQL], at now: Instant) throws {
        let columns = assignments + ["version = version + 1", "updated_at = \(now)"]
        try db.run("UPDATE patients SET \(SQL.joined(columns, separator: ", ")) WHERE id = \(id)")
    }
}

/// One column of a patient.
struct SealedIllness: RowDecodable {
    let id: PatientID
    let text: [UInt8]

    init(row: Row) throws {
        id = try row.value("id")
        text = try row.value("illness_details")
    }
}
