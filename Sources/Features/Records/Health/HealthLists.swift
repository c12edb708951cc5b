import CareSyncCore
import Cryptography
import Directory
import Persistence

enum AllergySeverity: String, Codable, Sendable, CaseIterable {
    case mild = "MILD"
    case moderate = "MODERATE"
    case severe = "SEVERE"
}

/// What a patient does not tolerate.
struct Allergy: Codable, Sendable, Equatable {
    var substance: String
    var reaction: String?
    /// `nil` when nobody knows.
    var severity: AllergySeverity?

    /// As it stands on a prescription.
    var printed: String { severity.map { "\(substance) (\($0.rawValue.lowercased()))" } ?? substance }
}

/// What a patient takes at present.
struct Medication: Codable, Sendable, Equatable {
    var medicine: String
    var dose: String?
    var frequency: String?
    var since: LocalDate?
}

/// Both lists of a patient; `nil` for what nobody has recorded, and once the patient is erased.
struct HealthLists: Sendable, Equatable {
    var allergies: [Allergy]?
    var medications: [Medication]?
}

/// The encrypted columns of `patient_health`: a list each, as JSON.
enum HealthColumn: String, CaseIterable {
    case allergies, medications

    /// The most entries of a list.
    static let most = 100

    func context(_ patient: PatientID) -> FieldContext {
        FieldContext(table: "patient_health", column: rawValue, row: patient.rawValue)
    }
}

enum HealthSchema {
    static let migration = Migration("records/patient-health") { d in
        [
            """
            CREATE TABLE patient_health (
                patient_id \(d.integer) PRIMARY KEY REFERENCES patients,
                allergies \(d.bytes),
                medications \(d.bytes),
                updated_at \(d.instant) NOT NULL
            )\(d.strict)
            """
        ]
    }
}

/// A row of `patient_health`; the lists are still sealed.
struct SealedHealth: RowDecodable {
    let allergies: [UInt8]?
    let medications: [UInt8]?

    init(row: Row) throws {
        allergies = try row.value("allergies")
        medications = try row.value("medications")
    }
}

struct HealthRepository {
    let db: any Connection

    func find(_ patient: PatientID) throws -> SealedHealth? {
        try db.first("SELECT allergies, medications FROM patient_health WHERE patient_id = \(patient)")
    }

    func replace(_ column: HealthColumn, of patient: PatientID, _ sealed: [UInt8], at now: Instant) throws {
        let name: SQL =
            switch column {
            case .allergies: "allergies"
            case .medications: "medications"
            }
        try db.run(
            """
            INSERT INTO patient_health (patient_id, \(name), updated_at) VALUES (\(patient), \(sealed), \(now))
            ON CONFLICT (patient_id) DO UPDATE SET \(name) = excluded.\(name), updated_at = excluded.updated_at
            """)
    }
}

/// Opens the lists of one patient.
struct HealthListOpening {
    let context: RecordsContext
    let db: any Connection

    func lists(of patient: PatientID) throws -> HealthLists {
        guard let sealed = try HealthRepository(db: db).find(patient) else { return HealthLists() }
        let key = try context.vault.key(for: patient, db)
        return HealthLists(
            allergies: try open(sealed.allergies, .allergies, key),
            medications: try open(sealed.medications, .medications, key))
    }

    private func open<Item: Decodable>(
        _ sealed: [UInt8]?, _ column: HealthColumn, _ key: PatientKey
    ) throws -> [Item]? {
        let place = column.context(key.patient)
        guard let sealed, let text = try context.vault.open(sealed, with: key, at: place) else { return nil }
        return try SealedJSON.value(text, at: place)
    }
}
