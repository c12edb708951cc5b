import CareSyncCore
import Directory
import Persistence

/// A span of time; either end may be open. It begins with `from` and ends before `to`.
struct VitalsRange: Sendable {
    var from: Instant?
    var to: Instant?

    static let all = VitalsRange()
}

struct VitalsRepository {
    let db: any Connection
    private static let columns: SQL = "v.id, v.patient_id, v.recorded_at, v.measurements"

    /// Locks the patient's row, so that the same measurements that come twice at once are seen to be the same.
    func lockPatient(_ patient: PatientID) throws -> SealedPatient? {
        try db.first(
            """
            SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(patient)
            \(db.dialect.forNoKeyUpdate(of: "p"))
            """)
    }

    func find(_ id: VitalsID) throws -> SealedVitals? {
        try db.first("SELECT \(Self.columns) FROM vitals v WHERE v.id = \(id)")
    }

    func list(of patient: PatientID, at moment: Instant) throws -> [SealedVitals] {
        try db.all(
            """
            SELECT \(Self.columns) FROM vitals v WHERE v.patient_id = \(patient) AND v.recorded_at = \(moment)
            """)
    }

    /// The newest first.
    func page(of patient: PatientID, _ range: VitalsRange, _ page: PageRequest) throws -> Page<SealedVitals> {
        let batch = Batch()
        let rows = batch.all(
            SealedVitals.self, Self.rows(of: patient, range, limit: page.limit, offset: page.offset))
        let total =
            page.isPaged
            ? batch.value(Int.self, "SELECT count(*) FROM vitals v WHERE \(Self.condition(patient, range))") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    /// The newest first, at most so many.
    func list(of patient: PatientID, _ range: VitalsRange, limit: Int) throws -> [SealedVitals] {
        try db.all(Self.rows(of: patient, range, limit: limit, offset: 0))
    }

    static func rows(of patient: PatientID, _ range: VitalsRange, limit: Int, offset: Int) -> SQL {
        """
        SELECT \(columns) FROM vitals v WHERE \(condition(patient, range))
        ORDER BY v.recorded_at DESC, v.id DESC LIMIT \(limit) OFFSET \(offset)
        """
    }

    private static func condition(_ patient: PatientID, _ range: VitalsRange) -> SQL {
        var condition: SQL = "v.patient_id = \(patient)"
        if let from = range.from { condition.append(" AND v.recorded_at >= \(from)") }
        if let to = range.to { condition.append(" AND v.recorded_at < \(to)") }
        return condition
    }

    func insert(
        _ id: VitalsID, of patient: PatientID, recordedAt: Instant, measurements: [UInt8], at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO vitals (id, patient_id, recorded_at, measurements, created_at)
            VALUES (\(id), \(patient), \(recordedAt), \(measurements), \(now))
            """)
    }
}
