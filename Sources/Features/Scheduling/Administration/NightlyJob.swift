import AuditTrail
import CareSyncCore
import Outbox
import Persistence

/// At the clinic's midnight, appointments of days past that nobody has confirmed become inactive (contract
/// background-jobs-cache-audit.md §1), an emergency that lasts over midnight only the next night. What a doctor has
/// scheduled, confirmed or begun stays as it is, for the doctor to close.
///
/// Each day's run is one row of the outbox, so it happens once however many nodes there are, and a run that was missed is
/// made up for when the program starts.
struct NightlyJob: Sendable {
    let database: any Database
    let zone: ClinicZone

    static let kind = "appointments.nightly"

    /// Puts today's run into the outbox, unless it is there already, done or not.
    func schedule() async throws {
        try await database.write { db in
            try schedule(on: zone.date(at: db.now), db)
        }
    }

    private func schedule(on date: LocalDate, _ db: any Connection) throws {
        try db.enqueue(
            OutboxMessage(
                kind: Self.kind, subject: "clinic", version: Int64(date.daysSinceEpoch), due: zone.startOfDay(date)))
    }

    /// One run, and tomorrow's into the outbox. It goes by each doctor's calendar from the last run on, so its cost is that
    /// of the days in between, whatever the history.
    func run(_ item: OutboxItem, _ db: any Connection) throws {
        let now = db.now
        let today = zone.date(at: now)
        let midnight = zone.startOfDay(today)
        let expired = try AppointmentRepository(db: db).expire(from: try start(item, db), to: midnight, at: now)
        for subject in expired {
            db.audit(
                AuditEntry(
                    .updatePHI, "appointments", "\(subject.id)", by: .system(Self.kind), patient: subject.patient,
                    reason: "EXPIRED"))
        }
        try schedule(on: today.adding(days: 1), db)
    }

    /// Everything before the day of the last run was settled then, up to a day for what lasted over midnight; without one
    /// everything is looked at.
    private func start(_ item: OutboxItem, _ db: any Connection) throws -> Instant {
        let last: Int? = try db.value(
            """
            SELECT version FROM outbox WHERE subject = \(item.subject) AND kind = \(Self.kind)
            AND done_at IS NOT NULL AND id <> \(item.id) ORDER BY version DESC LIMIT 1
            """)
        return zone.startOfDay(last.map { LocalDate(daysSinceEpoch: $0 - 1) } ?? .earliest)
    }
}
