import AuditTrail
import CareSyncCore
import Persistence

/// A day on which the clinic is closed.
struct Holiday: RowDecodable, Equatable {
    let date: LocalDate
    let name: String

    init(date: LocalDate, name: String) {
        self.date = date
        self.name = name
    }

    init(row: Row) throws {
        date = try row.value("day")
        name = try row.value("name")
    }
}

/// Reads and sets the days on which the clinic is closed.
struct HolidayService: Sendable {
    let context: SchedulingContext

    /// The new list, and how many appointments lie on its days. They stay, and the clinic takes care of them.
    struct Replaced: Sendable {
        let holidays: [Holiday]
        let affected: Int
    }

    /// Of one year, or all of them.
    func list(year: Int?) async throws -> [Holiday] {
        try await context.database.read { db in try Self.read(year, db) }
    }

    /// Replaces the holidays of one year, or all of them.
    func replace(_ holidays: [Holiday], year: Int?, origin: RequestOrigin) async throws -> Replaced {
        let kept = try await context.database.write { db in
            let inserts: [SQL] = holidays.map { holiday in
                "INSERT INTO clinic_holidays (day, name) VALUES (\(holiday.date), \(holiday.name))"
            }
            try db.run(["DELETE FROM clinic_holidays WHERE \(Self.inYear(year))"] + inserts)
            db.audit(AuditEntry(.adminAction, "clinic_holidays", year.map { "\($0)" } ?? "", by: origin))
            return try Self.read(year, db)
        }
        return Replaced(holidays: kept, affected: try await affected(kept))
    }

    /// Appointments on coming holidays. It looks at all doctors, so it holds no transaction open.
    private func affected(_ holidays: [Holiday]) async throws -> Int {
        let now = context.database.services.time.now
        let zone = context.zone
        let days = holidays.map(\.date).filter { $0 >= zone.date(at: now) }.map { date in
            Interval(start: zone.startOfDay(date), end: zone.startOfDay(date.adding(days: 1)))
        }
        guard !days.isEmpty else { return 0 }
        return try await context.database.read { db in
            try AppointmentRepository(db: db).count(startingWithin: days, now: now)
        }
    }

    /// At most 500, which the route that sets them bounds.
    private static func read(_ year: Int?, _ db: any Connection) throws -> [Holiday] {
        try db.all("SELECT day, name FROM clinic_holidays WHERE \(inYear(year)) ORDER BY day LIMIT 500")
    }

    private static func inYear(_ year: Int?) -> SQL {
        guard let year, let first = LocalDate(year: year, month: 1, day: 1),
            let last = LocalDate(year: year, month: 12, day: 31)
        else { return "TRUE" }
        return "day >= \(first) AND day <= \(last)"
    }
}
