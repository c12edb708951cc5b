import CareSyncCore
import Directory
import Persistence

/// Reads doctors' calendars.
struct CalendarRepository {
    let db: any Connection
    let zone: ClinicZone
    let cache: RulesCache

    /// Whose calendar, over which days, and who asks.
    struct Query {
        let doctor: DoctorID
        /// The patient's own appointments count too.
        var patient: PatientID?
        let from: LocalDate
        let to: LocalDate
        /// An appointment that is about to move does not stand in its own way.
        var excluding: AppointmentID?

        /// The days among which ``SlotPolicy/nearest(to:)`` looks.
        static func around(
            _ date: LocalDate, of doctor: DoctorID, for patient: PatientID,
            over days: ClosedRange<Int> = SlotPolicy.spread,
            excluding: AppointmentID? = nil
        ) -> Query {
            Query(
                doctor: doctor, patient: patient, from: date.adding(days: days.lowerBound),
                to: date.adding(days: days.upperBound), excluding: excluding)
        }
    }

    /// The schema lets no appointment last longer, so what is not over at a moment has begun this long before it at most.
    static let longestSpan: TimeSpan = .days(1)

    /// What occupies its time, of a table without alias. A hold that has run out does not.
    static func occupying(_ now: Instant) -> SQL { "\(standing) AND (held_until IS NULL OR held_until > \(now))" }

    static let standing: SQL = "is_active AND status IN (\(AppointmentStatus.listed(AppointmentStatus.occupying)))"

    /// An appointment lasts at most a day, which bounds the range of starts to look at (``longestSpan``).
    static func touching(_ span: Interval) -> SQL {
        "starts_at < \(span.end) AND starts_at > \(span.start - longestSpan) AND ends_at > \(span.start)"
    }

    func hasDoctor(_ doctor: DoctorID) throws -> Bool {
        try db.exists("SELECT 1 FROM doctors WHERE id = \(doctor)")
    }

    /// The whole calendar in one statement, and the hours in another when they are not remembered; `nil` for an unknown
    /// doctor.
    func calendar(_ query: Query) throws -> DoctorCalendar? {
        let rows: [CalendarRow] = try db.all(CalendarStatement.text(query, zone: zone, now: db.now))
        guard let gathered = GatheredCalendar(rows) else { return nil }
        return gathered.calendar(try cache.rules(of: gathered.settings, db).rules)
    }
}
