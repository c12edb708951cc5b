import CareSyncCore
import Cryptography
import Persistence

/// A row of `patient_keys`: one generation of a patient's key, wrapped by the key ring, or when it was destroyed.
struct StoredPatientKey: RowDecodable {
    let patient: PatientID
    let generation: Int64
    let wrapped: [UInt8]?
    let erasedAt: Instant?

    init(row: Row) throws {
        patient = try row.value("patient_id")
        generation = try row.value("generation")
        wrapped = try row.value("wrapped")
        erasedAt = try row.value("erased_at")
    }
}

struct PatientKeyRepository {
    let db: any Connection

    /// Every generation, the oldest first.
    func list(of patients: [PatientID]) throws -> [StoredPatientKey] {
        try db.all(
            """
            SELECT patient_id, generation, wrapped, erased_at FROM patient_keys
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

    /// Destroys every generation, and tells all nodes.
    func erase(_ patient: PatientID, at now: Instant) throws {
        try db.run(
            """
            UPDATE patient_keys SET wrapped = NULL, erased_at = \(now)
            WHERE patient_id = \(patient) AND erased_at IS NULL
            """)
        try RevocationFeed.revoke(.patientKey, [patient.rawValue], db: db)
    }
}
