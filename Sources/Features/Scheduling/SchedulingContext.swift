import CareSyncCore
import Concurrency
import Directory
import Persistence

/// What the services of this feature share.
struct SchedulingContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let settings: SchedulingSettings
    let care: CareRelationship
    let histories: HistoryReader
    var prepayment = Prepayment.none
    let rules = RulesCache()
    let turns = KeyedGate<BookingTurn>()

    var now: Instant { database.services.time.now }

    func calendars(_ db: any Connection) -> CalendarRepository {
        CalendarRepository(db: db, zone: zone, cache: rules)
    }

    /// A calendar outside any transaction: one quick read, and a second one for hours that are not cached.
    func calendar(_ query: CalendarRepository.Query) async throws -> DoctorCalendar {
        let now = database.services.time.now
        let gathered = try await database.fetch { [zone] batch in
            let rows = batch.all(CalendarRow.self, CalendarStatement.text(query, zone: zone, now: now))
            return { GatheredCalendar(try rows.value) }
        }
        guard let gathered else { throw SchedulingError.doctorNotFound }
        if let known = rules.known(gathered.settings) { return gathered.calendar(known.rules) }
        let known = try await database.read { [rules] db in try rules.rules(of: gathered.settings, db) }
        return gathered.calendar(known.rules)
    }
}
