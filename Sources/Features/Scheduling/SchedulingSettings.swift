package import CareSyncCore
package import Settings

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

    /// Without mail, no mails about appointments are written.
    package init(reading reader: inout SettingsReader, isMailAvailable: Bool) {
        emergencyNumber = reader.value(.emergencyNumber, default: "112", shown: "112", SettingValues.telephone)
        let hasLimits = reader.value(.patientLimits, default: true, shown: "on", SettingValues.isOn)
        if reader.mode == .production, !hasLimits { reader.complain(.patientLimits, "must not be off in production") }
        patientLimits = hasLimits ? .standard : nil
        self.isMailAvailable = isMailAvailable
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

extension Setting {
    static let emergencyNumber = Setting(
        "CARESYNC_EMERGENCY_NUMBER", "telephone number that answers about emergencies name (112)")
    static let patientLimits = Setting(
        "CARESYNC_PATIENT_LIMITS",
        "on or off: bounds on a patient's coming appointments and holds; off is for development (on)")
}
