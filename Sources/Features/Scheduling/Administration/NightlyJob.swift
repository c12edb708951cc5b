import CareSyncCore
import Outbox
import Persistence

/// At the clinic's midnight, unconfirmed appointments of past days become inactive (rules/appointments 8), an emergency
/// that lasts over midnight only the next night. What a doctor has scheduled, confirmed or begun stays as it is, for
/// the doctor to close.
///
/// Each day's run is one row of the outbox, so it happens once whatever the number of nodes, and a missed run is made
/// up when the program starts.
struct NightlyJob: Sendable {
    let database: any Database
    let zone: ClinicZone

    /// The run of a day.
    struct Run: Job {
        static let kind = "appointments.nightly"
        let date: LocalDate
        /// Keys of days sort by time.
        var key: String { date.description }
    }

    /// Puts today's run into the outbox unless it exists already, done or not.
    func schedule() async throws {
        try await database.write { db in
            try schedule(on: zone.date(at: db.now), db)
        }
    }

    private func schedule(on date: LocalDate, _ db: any Connection) throws {
        try db.enqueue(Run(date: date), due: zone.startOfDay(date))
    }

    /// One run, and tomorrow's into the outbox. It goes by each doctor's calendar from the last run on, so its cost is that
    /// of the days in between, whatever the history.
    func run(_ run: Run, _ db: any Connection) throws {
        let now = db.now
        let today = zone.date(at: now)
        let expired = try AppointmentRepository(db: db)
            .expire(from: try start(run, today, db), to: zone.startOfDay(today), at: now)
        for subject in expired { try AppointmentEffects.expired(subject, by: .system(Run.kind), db) }
        try schedule(on: today.adding(days: 1), db)
    }

    /// Everything before the day of the last run was settled then, up to a day for what lasted over midnight; without one
    /// everything is looked at. A run of a day to come, left by a clock that was ahead, counts for nothing.
    private func start(_ run: Run, _ today: LocalDate, _ db: any Connection) throws -> Instant {
        let last: String? = try db.value(
            """
            SELECT key FROM outbox WHERE kind = \(Run.kind) AND key < \(run.key) AND key <= \(today.description)
            AND done_at IS NOT NULL ORDER BY key DESC LIMIT 1
            """)
        return zone.startOfDay(last.flatMap { LocalDate($0) }?.adding(days: -1) ?? .earliest)
    }
}
