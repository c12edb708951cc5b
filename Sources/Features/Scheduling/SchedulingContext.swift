package import CareSyncCore
import Concurrency
import Directory
import Persistence

/// What a clinic may set of its scheduling.
package struct SchedulingSettings: Sendable {
    /// Told with every answer about an emergency.
    package var emergencyNumber: String
    /// How long a slot waits for its payment.
    package var holdTime: TimeSpan = .minutes(10)
    /// How many appointments and holds one patient may have at a time; `nil` means no bound.
    package var patientLimits: PatientLimits? = .standard
    /// How long an emergency may stay unopened before an administrator hears of it.
    package var escalationTime: TimeSpan = .minutes(10)

    /// Whether mail can be sent; without it, no mails about appointments are written.
    package var isMailAvailable = true

    package init(emergencyNumber: String = "112") {
        self.emergencyNumber = emergencyNumber
    }

    var advice: String {
        "If this is life-threatening, call \(emergencyNumber) now. Do not wait for the appointment."
    }
}

/// How many coming appointments and held slots a patient may have. The desk's bookings and emergencies are not bounded.
package struct PatientLimits: Sendable, Equatable {
    package var withOneDoctor: Int
    package var inAll: Int
    package var holds: Int

    package static let standard = PatientLimits(withOneDoctor: 5, inAll: 20, holds: 5)
}

/// What the services of this feature share.
struct SchedulingContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let settings: SchedulingSettings
    let care: CareRelationship
    let histories: HistoryReader
    let rules = RulesCache()
    let turns = KeyedGate<BookingTurn>()

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
