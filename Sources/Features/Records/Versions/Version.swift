import CareSyncCore
import Cryptography
import Persistence
import Scheduling

enum VersionTag {}
typealias VersionID = ID<VersionTag>

/// What an entry said in one of its versions.
struct HistorySnapshot: Codable, Sendable, Equatable {
    let visitDate: LocalDate
    let appointment: AppointmentID?
    let texts: HistoryTexts
}

/// A row of `medical_history_versions`: what an entry said before it was changed.
struct SealedVersion: RowDecodable {
    let id: VersionID
    let version: Int64
    let content: [UInt8]
    /// When the entry began to say that.
    let changedAt: Instant
    let writtenAs: String

    init(row: Row) throws {
        id = try row.value("id")
        version = try row.value("version")
        content = try row.value("content")
        changedAt = try row.value("changed_at")
        writtenAs = try row.value("written_as")
    }

    static func context(_ id: VersionID) -> FieldContext {
        FieldContext(table: "medical_history_versions", column: "content", row: id.rawValue)
    }
}

/// A version in clear.
struct HistoryVersion: Sendable {
    let version: Int64
    let changedAt: Instant
    /// The author's name then.
    let changedBy: String
    /// `nil` once the patient is erased.
    let snapshot: HistorySnapshot?
}

/// An entry with all its versions, the newest first.
struct HistoryVersions: Sendable {
    let record: SealedHistory
    let versions: [HistoryVersion]
}

struct VersionRepository {
    let db: any Connection

    /// The most versions of one entry; a doctor corrects one a few times in its first day.
    static let most = 200

    /// The newest first.
    func list(of history: HistoryID) throws -> [SealedVersion] {
        try db.all(
            """
            SELECT id, version, content, changed_at, written_as FROM medical_history_versions
            WHERE history_id = \(history) ORDER BY version DESC LIMIT \(Self.most)
            """)
    }

    /// What a record says before it is changed.
    func insert(
        _ id: VersionID, of record: SealedHistory, content: [UInt8]
    ) throws {
        try db.run(
            """
            INSERT INTO medical_history_versions (id, history_id, patient_id, version, content, written_as,
                                                  changed_at)
            VALUES (\(id), \(record.id), \(record.patientID), \(record.version), \(content), \(record.writtenAs),
                    \(record.updatedAt))
            """)
    }
}
