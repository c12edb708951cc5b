import CareSyncCore
import Cryptography
import Persistence

/// A row of `patient_keys`: one generation of a patient's key, wrapped by the key ring, or when it was destroyed.
struct StoredPatientKey: RowDecodable {
    let patient: PatientID
    let generation: Int64
    /// Whether new values are sealed with it, unless a newer one is sealing.
    let isSealing: Bool
    let wrapped: [UInt8]?
    /// The run of `--reencrypt` that made it.
    let rotation: Int64?
    let erasedAt: Instant?

    static let columns: SQL = "patient_id, generation, is_sealing, wrapped, rotation_id, erased_at"

    init(row: Row) throws {
        patient = try row.value("patient_id")
        generation = try row.value("generation")
        isSealing = try row.value("is_sealing")
        wrapped = try row.value("wrapped")
        rotation = try row.value("rotation_id")
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

    func insert(
        _ patient: PatientID, generation: UInt32, isSealing: Bool, ringKey: String, wrapped: [UInt8],
        rotation: Int64? = nil, at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO patient_keys (patient_id, generation, is_sealing, ring_key, wrapped, rotation_id, created_at)
            VALUES (\(patient), \(Int64(generation)), \(isSealing), \(ringKey), \(wrapped),
                    \(rotation), \(now))
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

    /// Makes a generation seal, for every process that reads it from now on.
    func beginSealing(_ patient: PatientID, _ generation: UInt32) throws {
        try db.run(
            """
            UPDATE patient_keys SET is_sealing = TRUE
            WHERE patient_id = \(patient) AND generation = \(Int64(generation)) AND NOT is_sealing
            """)
    }

    /// Waits for transactions that have sealed with a generation (``PatientKeySeals``), and holds off new ones.
    func holdGenerations(of patient: PatientID) throws {
        try db.run(
            """
            SELECT k.generation FROM patient_keys k WHERE k.patient_id = \(patient) ORDER BY k.generation
            \(db.dialect.forUpdate(of: "k"))
            """)
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
