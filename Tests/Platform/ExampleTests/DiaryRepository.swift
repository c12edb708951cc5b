import CareSyncCore
import Persistence

/// SQL and nothing else, over the connection of a running transaction. What is interpolated is always a parameter.
struct DiaryRepository {
    let db: any Connection

    func insert(_ id: DiaryEntryID, of patient: PatientID, text: [UInt8], at now: Instant) throws {
        try db.run(
            """
            INSERT INTO diary_entries (id, patient_id, text, written_at) VALUES (\(id), \(patient), \(text), \(now))
            """)
    }

    func list(of patient: PatientID, _ page: PageRequest) throws -> Page<SealedEntry> {
        let entries: [SealedEntry] = try db.all(
            """
            SELECT id, text, written_at, reminded_at FROM diary_entries WHERE patient_id = \(patient)
            ORDER BY written_at, id LIMIT \(page.limit) OFFSET \(page.offset)
            """)
        let total = page.isPaged ? try count(of: patient) : nil
        return Page(fetched: entries, request: page, total: total)
    }

    func count(of patient: PatientID) throws -> Int {
        try db.value("SELECT count(*) FROM diary_entries WHERE patient_id = \(patient)") ?? 0
    }

    func noteReminder(of id: DiaryEntryID, at now: Instant) throws {
        try db.run("UPDATE diary_entries SET reminded_at = \(now) WHERE id = \(id)")
    }
}
