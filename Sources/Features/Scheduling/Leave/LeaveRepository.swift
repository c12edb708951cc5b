import CareSyncCore
import Persistence

struct LeaveRepository {
    let db: any Connection
    private static let columns: SQL = "id, doctor_id, start_date, end_date, reason, created_at"

    func find(_ id: LeaveID, of doctor: DoctorID) throws -> Leave? {
        try db.first("SELECT \(Self.columns) FROM doctor_leaves WHERE id = \(id) AND doctor_id = \(doctor)")
    }

    /// Leaves that end on `endingFrom` or later, in the order in which they begin.
    func list(of doctor: DoctorID, endingFrom: LocalDate?, _ page: PageRequest) throws -> Page<Leave> {
        let from = endingFrom ?? .earliest
        let condition: SQL = "doctor_id = \(doctor) AND end_date >= \(from)"
        let batch = Batch()
        let items = batch.all(
            Leave.self,
            """
            SELECT \(Self.columns) FROM doctor_leaves WHERE \(condition)
            ORDER BY start_date, id LIMIT \(page.limit) OFFSET \(page.offset)
            """)
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM doctor_leaves WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try items.value, request: page, total: try total?.value ?? nil)
    }

    func overlaps(of doctor: DoctorID, from: LocalDate, to: LocalDate) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM doctor_leaves WHERE doctor_id = \(doctor) AND start_date <= \(to) AND end_date >= \(from)
            LIMIT 1
            """)
    }

    func insert(_ doctor: DoctorID, _ from: LocalDate, _ to: LocalDate, _ reason: String?, at now: Instant) throws
        -> Leave?
    {
        try db.first(
            """
            INSERT INTO doctor_leaves (doctor_id, start_date, end_date, reason, created_at)
            VALUES (\(doctor), \(from), \(to), \(reason), \(now)) RETURNING \(Self.columns)
            """)
    }

    func delete(_ id: LeaveID) throws {
        try db.run("DELETE FROM doctor_leaves WHERE id = \(id)")
    }

    /// Appointments that begin, or are not over yet, within an interval. Those in progress and expired holds do not
    /// count.
    func appointments(of doctor: DoctorID, touching span: Interval, now: Instant) throws -> [Appointment] {
        try db.all(
            """
            SELECT \(Appointment.columns) FROM appointments a
            WHERE a.doctor_id = \(doctor) AND a.id IN (
                SELECT id FROM appointments WHERE doctor_id = \(doctor) AND \(CalendarRepository.touching(span))
                  AND \(CalendarRepository.occupying(now)) AND ends_at > \(now) AND status <> 'IN_PROGRESS')
            ORDER BY a.starts_at, a.id\(db.dialect.forUpdate(of: "a"))
            """)
    }
}
