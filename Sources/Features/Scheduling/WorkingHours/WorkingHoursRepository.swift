import CareSyncCore
import Directory
import Persistence

struct WorkingHoursRepository {
    let db: any Connection

    func find(_ doctor: DoctorID) throws -> WorkingHours? {
        let batch = Batch()
        let settings = batch.first(CalendarSettings.self, CalendarSettings.find(doctor))
        let spans = batch.all(
            WorkingSpan.self,
            """
            SELECT \(WorkingSpan.columns) FROM working_hours h WHERE h.doctor_id = \(doctor)
            ORDER BY h.weekday, h.start_minute, h.kind
            """)
        try batch.run(db)
        guard let found = try settings.value else { return nil }
        return WorkingHours(settings: found, spans: try spans.value)
    }

    /// At most 112 rows: seven days of eight windows and eight breaks.
    func replace(_ spans: [WorkingSpan], of doctor: DoctorID) throws {
        let inserts: [SQL] = spans.map { span in
            """
            INSERT INTO working_hours (doctor_id, weekday, kind, start_minute, end_minute)
            VALUES (\(doctor), \(span.weekday), \(span.kind), \(span.range.start), \(span.range.end))
            """
        }
        try db.run(["DELETE FROM working_hours WHERE doctor_id = \(doctor)"] + inserts)
    }

    /// When the doctor's coming appointments lie. Emergencies are left out, because hours do not bind them.
    func booked(of doctor: DoctorID, after now: Instant) throws -> [Interval] {
        var booked: [Interval] = []
        try db.query(
            """
            SELECT starts_at, ends_at FROM appointments
            WHERE doctor_id = \(doctor) AND starts_at > \(now) AND NOT is_emergency
              AND \(CalendarRepository.occupying(now))
            """
        ) { row in
            booked.append(Interval(start: try row.value("starts_at"), end: try row.value("ends_at")))
        }
        return booked
    }
}
