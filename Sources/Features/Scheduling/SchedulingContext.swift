package import CareSyncCore
import Directory
import Persistence

/// What a clinic may set of its scheduling.
package struct SchedulingSettings: Sendable {
    /// Told with every answer about an emergency.
    package var emergencyNumber: String
    /// How long a slot waits for its payment.
    package var holdTime: TimeSpan = .minutes(10)
    /// How long an emergency may stay unopened before an administrator hears of it.
    package var escalationTime: TimeSpan = .minutes(10)

    /// Whether there is a way to send mail; without one, nobody is written to about appointments.
    package var isMailAvailable = true

    package init(emergencyNumber: String = "112") {
        self.emergencyNumber = emergencyNumber
    }

    var advice: String {
        "If this is life-threatening, call \(emergencyNumber) now. Do not wait for the appointment."
    }
}

/// What the services of this feature share.
struct SchedulingContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let settings: SchedulingSettings
    let rules = RulesCache()
    let turns = SlotTurns()
    private let looks: CalendarLooks

    init(database: any Database, zone: ClinicZone, vault: PatientVault, settings: SchedulingSettings) {
        self.database = database
        self.zone = zone
        self.vault = vault
        self.settings = settings
        looks = CalendarLooks(database: database, zone: zone)
    }

    func calendars(_ db: any Connection) -> CalendarRepository {
        CalendarRepository(db: db, zone: zone, cache: rules)
    }

    /// A calendar outside any transaction: one quick read, and another one for hours that are not remembered.
    func calendar(_ query: CalendarRepository.Query) async throws -> DoctorCalendar {
        guard let gathered = try await looks.look(query) else { throw SchedulingError.doctorNotFound }
        if let known = rules.known(gathered.settings) { return gathered.calendar(query, known.rules) }
        let known = try await database.read { [rules] db in try rules.rules(of: gathered.settings, db) }
        return gathered.calendar(query, known.rules)
    }
}
