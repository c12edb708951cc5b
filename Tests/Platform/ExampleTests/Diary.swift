import CareSyncCore
import Directory
import Outbox
import Persistence

// The example a newcomer reads: a feature as small as one can be that still uses everything the platform offers. It stands
// on Identity, which signs people in, and on Directory, which keeps patients and their keys. A patient keeps a diary. The files go from the model outwards: this one, repository, service, endpoints, feature; then
// the tests.

enum DiaryEntryTag {}
typealias DiaryEntryID = ID<DiaryEntryTag>

/// A row of `diary_entries`; the text is health data and so is stored sealed.
struct SealedEntry: RowDecodable {
    let id: DiaryEntryID
    let text: [UInt8]
    let writtenAt: Instant
    let remindedAt: Instant?

    init(row: Row) throws {
        id = try row.value("id")
        text = try row.value("text")
        writtenAt = try row.value("written_at")
        remindedAt = try row.value("reminded_at")
    }
}

/// What a patient wrote, in clear.
struct DiaryEntry: Sendable {
    let id: DiaryEntryID
    /// `nil` once the patient is erased.
    let text: String?
    let writtenAt: Instant
    let remindedAt: Instant?
}

enum DiaryError: FailureCatalogue, CaseIterable {
    case diaryFull
    /// The vault seals nothing more for an erased patient.
    case patientErased

    var problem: Problem {
        switch self {
        case .diaryFull: Problem(.conflict, "DIARY_FULL", "The diary is full.")
        case .patientErased: PatientVault.erased
        }
    }
}

/// News for other features; ids only. Because it is durable, it can be heard from the outbox too.
struct DiaryEntryWritten: DurableEvent, Equatable {
    let entry: DiaryEntryID
    let patient: PatientID
    var subject: String { "diary_entry/\(entry)" }
}

/// An effect outside the database, such as a copy for the patient's own computer.
struct DiaryCopy: Job {
    static let kind = "diary.copy"
    let entry: DiaryEntryID
    var key: String { "diary_entry/\(entry)" }
}

/// A timer: the patient wanted to be reminded of the entry.
struct DiaryReminder: Job {
    static let kind = "diary.reminder"
    let entry: DiaryEntryID
    var key: String { "diary_entry/\(entry)" }
}

enum DiaryMigrations {
    /// Taken before the insert, because a sealed value is bound to the id of its row.
    static let entryIDs = IDAllocator("diary_entry_ids")

    /// In the program this number would be the next one of all features together.
    static let all = [
        Migration("tests/diaries") { d in
            [
                Migration.createAllocator("diary_entry_ids", dialect: d),
                """
                CREATE TABLE diary_entries (
                    id \(d.integer) PRIMARY KEY,
                    patient_id \(d.integer) NOT NULL REFERENCES patients,
                    text \(d.bytes) NOT NULL,
                    written_at \(d.instant) NOT NULL,
                    reminded_at \(d.instant)
                )\(d.strict)
                """,
                "CREATE INDEX diary_entries_patient ON diary_entries (patient_id, written_at, id)",
            ]
        }
    ]
}
