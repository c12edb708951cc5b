import CareSyncCore
import Persistence

/// One list of one doctor.
struct QualificationRepository<Entry: Qualification> {
    let db: any Connection
    let doctor: DoctorID

    func page(_ request: PageRequest) throws -> Page<Entry> {
        let entries: [Entry] = try db.all(
            """
            SELECT \(Entry.columns) FROM \(Entry.table) WHERE doctor_id = \(doctor)
            ORDER BY id LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        return Page(fetched: entries, request: request, total: request.isPaged ? try count() : nil)
    }

    func count() throws -> Int {
        try db.value("SELECT count(*) FROM \(Entry.table) WHERE doctor_id = \(doctor)") ?? 0
    }

    func find(_ id: QualificationID) throws -> Entry? {
        try db.first("SELECT \(Entry.columns) FROM \(Entry.table) WHERE id = \(id) AND doctor_id = \(doctor)")
    }

    func insert(_ content: Entry.Content) throws -> QualificationID {
        guard let id: QualificationID = try db.value(Entry.insertion(content, of: doctor)) else {
            throw DatabaseFailure.other(code: "no id")
        }
        return id
    }

    /// `false` when there is none.
    func delete(_ id: QualificationID) throws -> Bool {
        try db.run("DELETE FROM \(Entry.table) WHERE id = \(id) AND doctor_id = \(doctor)") == 1
    }
}
