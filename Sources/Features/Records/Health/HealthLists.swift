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

/// One list of a patient.
struct RecordedList<Item: Sendable & Equatable>: Sendable, Equatable {
    /// `nil` when nobody has asked, and once the patient is erased.
    var items: [Item]?
    /// Counts the changes; 0 when nobody has asked.
    var version: Int64 = 0
    /// When somebody last said what there is, or that there is nothing.
    var recordedAt: Instant?
}

/// Both lists of a patient.
struct HealthLists: Sendable, Equatable {
    var allergies = RecordedList<Allergy>()
    var medications = RecordedList<Medication>()
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
    static let versionIDs = IDAllocator("patient_health_version_ids")

    static let migration = Migration("records/patient-health") { d in
        [
            """
            CREATE TABLE patient_health (
                patient_id \(d.integer) PRIMARY KEY REFERENCES patients,
                allergies \(d.bytes),
                allergies_version \(d.integer) NOT NULL DEFAULT 0,
                allergies_recorded_at \(d.instant),
                medications \(d.bytes),
                medications_version \(d.integer) NOT NULL DEFAULT 0,
                medications_recorded_at \(d.instant)
            )\(d.strict)
            """,
            Migration.createAllocator("patient_health_version_ids", dialect: d),
            // What a list said before it was replaced, bound to the row.
            """
            CREATE TABLE patient_health_versions (
                id \(d.integer) PRIMARY KEY,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                list \(d.text) NOT NULL CHECK (list IN ('allergies', 'medications')),
                version \(d.integer) NOT NULL,
                content \(d.bytes) NOT NULL,
                recorded_at \(d.instant) NOT NULL,
                CONSTRAINT patient_health_versions_once UNIQUE (patient_id, list, version)
            )\(d.strict)
            """,
            "CREATE INDEX patient_health_versions_patient ON patient_health_versions (patient_id, id)",
        ]
    }
}
