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

    func calendars(_ db: any Connection) -> CalendarRepository {
        CalendarRepository(db: db, zone: zone, cache: rules)
    }
}
