import CareSyncCore
import Persistence

/// A doctor's hours together with the settings of the slots cut from them.
struct WorkingHours: Sendable, Equatable {
    var settings: CalendarSettings
    /// The doctor's own rows; empty for the standard hours.
    var spans: [WorkingSpan]
}

/// The slot settings on a doctor's row.
struct CalendarSettings: RowDecodable, Equatable {
    let doctorID: DoctorID
    var slotMinutes: Int
    var bufferBeforeMinutes: Int
    var bufferAfterMinutes: Int
    var minimumNoticeMinutes: Int
    var horizonDays: Int
    var paymentPolicy: PaymentPolicy

    static let columns: SQL = """
        d.id, d.slot_minutes, d.buffer_before_minutes, d.buffer_after_minutes, d.minimum_notice_minutes, d.horizon_days,
        d.payment_policy
        """

    init(row: Row) throws {
        doctorID = try row.value("id")
        slotMinutes = try row.value("slot_minutes")
        bufferBeforeMinutes = try row.value("buffer_before_minutes")
        bufferAfterMinutes = try row.value("buffer_after_minutes")
        minimumNoticeMinutes = try row.value("minimum_notice_minutes")
        horizonDays = try row.value("horizon_days")
        paymentPolicy = try row.value("payment_policy")
    }
}

struct WorkingHoursRepository {
    let db: any Connection

    func find(_ doctor: DoctorID) throws -> WorkingHours? {
        let batch = Batch()
        let settings = batch.first(
            CalendarSettings.self, "SELECT \(CalendarSettings.columns) FROM doctors d WHERE d.id = \(doctor)")
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

    /// The version tells whoever remembers the hours that they are no longer these.
    func update(_ settings: CalendarSettings, at now: Instant) throws {
        try db.later(
            """
            UPDATE doctors
            SET slot_minutes = \(settings.slotMinutes), buffer_before_minutes = \(settings.bufferBeforeMinutes),
                buffer_after_minutes = \(settings.bufferAfterMinutes),
                minimum_notice_minutes = \(settings.minimumNoticeMinutes), horizon_days = \(settings.horizonDays),
                payment_policy = \(settings.paymentPolicy), hours_version = hours_version + 1, updated_at = \(now)
            WHERE id = \(settings.doctorID)
            """)
    }

    /// At most 112 rows: seven days of eight windows and eight breaks.
    func replace(_ spans: [WorkingSpan], of doctor: DoctorID) throws {
        try db.later("DELETE FROM working_hours WHERE doctor_id = \(doctor)")
        for span in spans {
            try db.later(
                """
                INSERT INTO working_hours (doctor_id, weekday, kind, start_minute, end_minute)
                VALUES (\(doctor), \(span.weekday), \(span.kind), \(span.range.start), \(span.range.end))
                """)
        }
    }
}
