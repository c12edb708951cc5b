import CareSyncCore
import Cryptography
import Persistence

/// A row of `patient_keys`: one generation of a patient's key, wrapped by the key ring, or when it was destroyed.
struct StoredPatientKey: RowDecodable {
    let patient: PatientID
    let generation: Int64
    let wrapped: [UInt8]?
    let createdAt: Instant
    let erasedAt: Instant?

    static let columns: SQL = "patient_id, generation, wrapped, created_at, erased_at"

    init(row: Row) throws {
        patient = try row.value("patient_id")
        generation = try row.value("generation")
        wrapped = try row.value("wrapped")
        createdAt = try row.value("created_at")
        erasedAt = try row.value("erased_at")
    }
}

struct PatientKeyRepository {
    let db: any Connection

    /// Every generation, the oldest first.
    func list(of patients: [PatientID]) throws -> [StoredPatientKey] {
        try db.all(
            """
            SELECT \(StoredPatientKey.columns) FROM patient_keys
            WHERE patient_id IN \(in: patients) ORDER BY patient_id, generation
            """)
    }

    func insert(_ patient: PatientID, generation: UInt32, ringKey: String, wrapped: [UInt8], at now: Instant) throws {
        try db.run(
            """
            INSERT INTO patient_keys (patient_id, generation, ring_key, wrapped, created_at)
            VALUES (\(patient), \(Int64(generation)), \(ringKey), \(wrapped), \(now))
            """)
    }

    /// Destroys every generation, and tells all nodes. The patient's row is locked first, so that a generation that is
    /// being added is seen.
    func erase(_ patient: PatientID, at now: Instant) throws {
        try lock([patient])
        try db.run(
            """
            UPDATE patient_keys SET wrapped = NULL, erased_at = \(now)
            WHERE patient_id = \(patient) AND erased_at IS NULL
            """)
        try RevocationFeed.revoke(.patientKey, [patient.rawValue], db: db)
    }

    /// Holds off whoever adds or destroys keys of these patients.
    func lock(_ patients: [PatientID]) throws {
        try db.run(
            """
            SELECT p.id FROM patients p WHERE p.id IN \(in: patients) ORDER BY p.id
            \(db.dialect.forNoKeyUpdate(of: "p"))
            """)
    }
}
