import CareSyncCore
import Cryptography
import Directory
import Persistence

/// A list as it is stored.
struct SealedList: Sendable {
    let content: [UInt8]?
    let version: Int64
    let recordedAt: Instant?
}

/// A row of `patient_health`; the lists are still sealed.
struct SealedHealth: RowDecodable {
    let allergies: SealedList
    let medications: SealedList

    init(row: Row) throws {
        allergies = SealedList(
            content: try row.value("allergies"), version: try row.value("allergies_version"),
            recordedAt: try row.value("allergies_recorded_at"))
        medications = SealedList(
            content: try row.value("medications"), version: try row.value("medications_version"),
            recordedAt: try row.value("medications_recorded_at"))
    }

    subscript(column: HealthColumn) -> SealedList {
        switch column {
        case .allergies: allergies
        case .medications: medications
        }
    }
}

struct HealthRepository {
    let db: any Connection

    func find(_ patient: PatientID) throws -> SealedHealth? {
        try db.first(
            """
            SELECT allergies, allergies_version, allergies_recorded_at,
                   medications, medications_version, medications_recorded_at
            FROM patient_health WHERE patient_id = \(patient)
            """)
    }

    func replace(
        _ column: HealthColumn, of patient: PatientID, _ sealed: [UInt8], version: Int64, at now: Instant
    ) throws {
        let (content, number, moment): (SQL, SQL, SQL) =
            switch column {
            case .allergies: ("allergies", "allergies_version", "allergies_recorded_at")
            case .medications: ("medications", "medications_version", "medications_recorded_at")
            }
        try db.run(
            """
            INSERT INTO patient_health (patient_id, \(content), \(number), \(moment))
            VALUES (\(patient), \(sealed), \(version), \(now))
            ON CONFLICT (patient_id) DO UPDATE
            SET \(content) = excluded.\(content), \(number) = excluded.\(number), \(moment) = excluded.\(moment)
            """)
    }

    /// What a list says before it is replaced.
    func keep(
        _ id: Int64, _ column: HealthColumn, of patient: PatientID, _ sealed: [UInt8], version: Int64,
        recordedAt: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO patient_health_versions (id, patient_id, list, version, content, recorded_at)
            VALUES (\(id), \(patient), \(column.rawValue), \(version), \(sealed), \(recordedAt))
            """)
    }

    static func versionContext(_ id: Int64) -> FieldContext {
        FieldContext(table: "patient_health_versions", column: "content", row: id)
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

    func open<Item: Decodable & Sendable & Equatable>(
        _ sealed: SealedList, _ column: HealthColumn, _ key: PatientKey
    ) throws -> RecordedList<Item> {
        let place = column.context(key.patient)
        guard let content = sealed.content, let text = try context.vault.open(content, with: key, at: place) else {
            return RecordedList(version: sealed.version)
        }
        return RecordedList(
            items: try SealedJSON.value(text, at: place), version: sealed.version, recordedAt: sealed.recordedAt)
    }
}
