import CareSyncCore
import Cryptography
import Persistence

enum AmendmentTag {}
typealias AmendmentID = ID<AmendmentTag>

/// A row of `medical_history_amendments`, with the name of who wrote it, as it was then.
struct SealedAmendment: RowDecodable {
    let id: AmendmentID
    let historyID: HistoryID
    let text: [UInt8]
    let doctorName: String
    let createdAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        historyID = try row.value("history_id")
        text = try row.value("text")
        doctorName = try row.value("written_as")
        createdAt = try row.value("created_at")
    }

    static func context(_ id: AmendmentID) -> FieldContext {
        FieldContext(table: "medical_history_amendments", column: "text", row: id.rawValue)
    }
}

/// What a doctor added to an entry, in clear.
struct Amendment: Sendable {
    let id: AmendmentID
    /// `nil` once the patient is erased.
    let text: String?
    let doctorName: String
    let createdAt: Instant
}

struct AmendmentRepository {
    let db: any Connection

    /// The most amendments of one entry.
    static let most = 100

    /// The oldest first.
    func list(of histories: [HistoryID]) throws -> [SealedAmendment] {
        guard !histories.isEmpty else { return [] }
        return try db.all(
            """
            SELECT m.id, m.history_id, m.text, m.written_as, m.created_at FROM medical_history_amendments m
            WHERE m.history_id IN \(in: histories) ORDER BY m.history_id, m.created_at, m.id
            """)
    }

    func count(of history: HistoryID) throws -> Int {
        try db.value("SELECT count(*) FROM medical_history_amendments WHERE history_id = \(history)") ?? 0
    }

    /// Whether anybody but its author has added to an entry.
    func isAmendedByOthers(_ record: SealedHistory) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM medical_history_amendments
            WHERE history_id = \(record.id) AND doctor_id <> \(record.doctorID)
            """)
    }

    func insert(
        _ id: AmendmentID, of record: SealedHistory, by doctor: DoctorID, as name: String, text: [UInt8],
        at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO medical_history_amendments (id, history_id, patient_id, doctor_id, written_as, text, created_at)
            VALUES (\(id), \(record.id), \(record.patientID), \(doctor), \(name), \(text), \(now))
            """)
    }
}
