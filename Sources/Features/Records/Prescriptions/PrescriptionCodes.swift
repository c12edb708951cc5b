import CareSyncCore
import Cryptography
import Persistence

/// The codes printed on prescriptions. A code is derived from the entry, the version it was prescribed in and a key that is
/// not in the database; stored is its digest only, so nobody finds a code by reading the database.
struct PrescriptionCodes: Sendable {
    private let hash: KeyedHash

    init(_ root: RootSecret) {
        hash = KeyedHash(root.derive(.prescriptionCode))
    }

    /// 40 hexadecimal digits.
    func code(of history: HistoryID, version: Int64) -> String {
        let parts = [String(history.rawValue), String(version)].map { Array($0.utf8) }
        return Hex.text(hash.code(forParts: parts).prefix(20))
    }

    static func digest(of code: String) -> [UInt8] { Digest.sha256(Array(code.utf8)) }
}

enum PrescriptionStatus: String, Codable, Sendable, CaseIterable {
    case valid = "VALID"
    /// The doctor has changed what was prescribed since this was printed.
    case replaced = "REPLACED"
    case withdrawn = "WITHDRAWN"
}

/// What a code is about: never anything of the patient.
struct IssuedPrescription: RowDecodable {
    let issuedAt: Instant
    /// As the doctor was called and qualified then.
    let doctor: DoctorLicence
    let status: PrescriptionStatus

    init(row: Row) throws {
        issuedAt = try row.value("created_at")
        doctor = try DoctorLicence(row: row)
        let version: Int64 = try row.value("version")
        let current: Int64? = try row.value("prescribed_version")
        let deletedAt: Instant? = try row.value("deleted_at")
        status = deletedAt != nil ? .withdrawn : version == current ? .valid : .replaced
    }
}

struct PrescriptionRepository {
    let db: any Connection

    func insert(
        digest: [UInt8], of history: HistoryID, version: Int64, by doctor: DoctorLicence, at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO prescription_codes (digest, history_id, version, doctor_name, doctor_specialization,
                                            doctor_qualification, doctor_registration, created_at)
            VALUES (\(digest), \(history), \(version), \(doctor.name), \(doctor.specialization),
                    \(doctor.qualification), \(doctor.registrationNumber), \(now))
            """)
    }

    func find(digest: [UInt8]) throws -> IssuedPrescription? { try db.first(Self.lookUp(digest)) }

    static func lookUp(_ digest: [UInt8]) -> SQL {
        """
        SELECT c.created_at, \(DoctorLicence.columns), c.version, h.prescribed_version, h.deleted_at
        FROM prescription_codes c JOIN medical_histories h ON h.id = c.history_id
        WHERE c.digest = \(digest)
        """
    }
}

enum PrescriptionSchema {
    static let migration = Migration("records/prescription-codes") { d in
        [
            """
            CREATE TABLE prescription_codes (
                digest \(d.bytes) PRIMARY KEY,
                history_id \(d.integer) NOT NULL REFERENCES medical_histories,
                version \(d.integer) NOT NULL,
                doctor_name \(d.text) NOT NULL,
                doctor_specialization \(d.text),
                doctor_qualification \(d.text),
                doctor_registration \(d.text),
                created_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX prescription_codes_history ON prescription_codes (history_id)",
        ]
    }
}
