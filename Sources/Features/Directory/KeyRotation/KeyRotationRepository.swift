import CareSyncCore
import Cryptography
import FeatureContract
import Persistence

/// A row of `key_rotations`.
struct KeyRotationRun: RowDecodable, Equatable {
    /// What is done to one patient after the other.
    enum Stage: Sendable {
        /// Every patient gets a new generation, which opens and does not seal yet.
        case renewing
        /// What older generations sealed is sealed anew.
        case rewriting
        /// What was sealed by them meanwhile is sealed anew, then they are dropped.
        case dropping
    }

    let id: Int64
    let afterPatient: PatientID
    let startedAt: Instant
    let renewedAt: Instant?
    let rewrittenAt: Instant?

    init(row: Row) throws {
        id = try row.value("id")
        afterPatient = PatientID(try row.value("after_patient") as Int64)
        startedAt = try row.value("started_at")
        renewedAt = try row.value("renewed_at")
        rewrittenAt = try row.value("rewritten_at")
    }

    var stage: Stage { renewedAt == nil ? .renewing : rewrittenAt == nil ? .rewriting : .dropping }
}

extension KeyRotationRun.Stage {
    /// The column that is stamped when the stage is over.
    fileprivate var column: SQL {
        switch self {
        case .renewing: "renewed_at"
        case .rewriting: "rewritten_at"
        case .dropping: "finished_at"
        }
    }
}

/// A sealed value in its place.
struct SealedValue: RowDecodable {
    let row: Int64
    let envelope: [UInt8]

    init(row source: Row) throws {
        row = try source.value(at: 0)
        envelope = try source.value(at: 1)
    }
}

struct KeyRotationRepository {
    let db: any Connection

    // MARK: Wrapped keys

    /// Keys that another key of the ring than the given one has wrapped, in order, after one of them.
    func outdated(than ringKey: String, after last: (patient: PatientID, generation: Int64), limit: Int) throws
        -> [StoredPatientKey]
    {
        try db.all(
            """
            SELECT \(StoredPatientKey.columns) FROM patient_keys
            WHERE wrapped IS NOT NULL AND ring_key <> \(ringKey)
              AND (patient_id, generation) > (\(last.patient), \(last.generation))
            ORDER BY patient_id, generation LIMIT \(limit)
            """)
    }

    /// Puts a key that was wrapped anew in the place of what it was made from; a key that was destroyed meanwhile stays
    /// destroyed.
    func replace(_ key: StoredPatientKey, by wrapped: [UInt8], ringKey: String) throws {
        try db.run(
            """
            UPDATE patient_keys SET wrapped = \(wrapped), ring_key = \(ringKey)
            WHERE patient_id = \(key.patient) AND generation = \(key.generation) AND wrapped = \(key.wrapped)
            """)
    }

    /// How many keys each key of the ring has wrapped.
    func counts() throws -> [(ringKey: String, count: Int)] {
        var counts: [(ringKey: String, count: Int)] = []
        try db.query(
            """
            SELECT ring_key, count(*) AS keys FROM patient_keys WHERE wrapped IS NOT NULL
            GROUP BY ring_key ORDER BY ring_key
            """
        ) { row in counts.append((ringKey: try row.value("ring_key"), count: try row.value("keys"))) }
        return counts
    }

    // MARK: Runs

    private static let subject = "patient-keys"

    func unfinished() throws -> KeyRotationRun? {
        try db.first(
            """
            SELECT id, after_patient, started_at, renewed_at, rewritten_at FROM key_rotations
            WHERE subject = \(Self.subject) AND finished_at IS NULL
            """)
    }

    func begin(at now: Instant) throws {
        try db.run(
            """
            INSERT INTO key_rotations (subject, started_at) VALUES (\(Self.subject), \(now))
            ON CONFLICT (subject) WHERE finished_at IS NULL DO NOTHING
            """)
    }

    /// Another process that works on the same run may be further.
    func advance(_ run: KeyRotationRun, to patient: PatientID) throws {
        try db.run(
            """
            UPDATE key_rotations SET after_patient = \(patient)
            WHERE id = \(run.id) AND \(run.stage.column) IS NULL AND after_patient < \(patient)
            """)
    }

    func end(_ stage: KeyRotationRun.Stage, of run: KeyRotationRun, at now: Instant) throws {
        try db.run(
            """
            UPDATE key_rotations SET \(stage.column) = \(now), after_patient = 0
            WHERE id = \(run.id) AND \(stage.column) IS NULL
            """)
    }

    // MARK: Patients

    /// Patients whom a run has given no new generation yet.
    func unrenewed(by run: KeyRotationRun, after last: PatientID, limit: Int) throws -> [PatientID] {
        try db.values(
            """
            SELECT patient_id FROM patient_keys WHERE patient_id > \(last)
            GROUP BY patient_id
            HAVING count(CASE WHEN rotation_id = \(run.id) THEN 1 END) = 0 AND count(erased_at) = 0
            ORDER BY patient_id LIMIT \(limit)
            """)
    }

    /// Patients who have several generations.
    func renewed(after last: PatientID, limit: Int) throws -> [PatientID] {
        try db.values(
            """
            SELECT patient_id FROM patient_keys WHERE patient_id > \(last)
            GROUP BY patient_id HAVING count(*) > 1 AND count(erased_at) = 0
            ORDER BY patient_id LIMIT \(limit)
            """)
    }

    /// Values of a patient that another generation has sealed, as the first five bytes tell, after a row.
    func values(
        in column: SealedColumn, of patient: PatientID, notSealedBy generation: UInt32, after row: Int64, limit: Int
    ) -> SQL {
        let prefix = FieldCipher.prefix(of: generation)
        return """
            SELECT \(column.rowSQL), \(column.columnSQL) FROM \(column.tableSQL)
            WHERE \(column.patientSQL) = \(patient) AND \(column.columnSQL) IS NOT NULL
              AND substr(\(column.columnSQL), 1, 5) <> \(prefix) AND \(column.rowSQL) > \(row)
            ORDER BY \(column.rowSQL) LIMIT \(limit)
            """
    }

    /// Puts a value that was sealed anew in the place of what it was made from, and of nothing newer.
    func replacement(in column: SealedColumn, of old: SealedValue, by envelope: [UInt8]) -> SQL {
        """
        UPDATE \(column.tableSQL) SET \(column.columnSQL) = \(envelope)
        WHERE \(column.rowSQL) = \(old.row) AND \(column.columnSQL) = \(old.envelope)
        """
    }

    func count(_ column: SealedColumn) throws -> Int {
        try db.value(
            """
            SELECT count(*) FROM \(column.tableSQL)
            WHERE \(column.columnSQL) IS NOT NULL AND \(column.patientSQL) IS NOT NULL
            """) ?? 0
    }

    func dropGenerations(of patient: PatientID, before generation: Int64) throws {
        try db.run(
            """
            DELETE FROM patient_keys
            WHERE patient_id = \(patient) AND generation < \(generation) AND erased_at IS NULL
            """)
    }
}
