package import CareSyncCore
package import Settings

/// What a clinic may set of its records.
package struct RecordsSettings: Sendable {
    /// For how long an author may correct an entry.
    package var correctionTime: TimeSpan = .hours(24)
    /// What links begin with, without a slash at its end.
    package var linkBase: String
    /// Told with every alert about vitals.
    package var emergencyNumber = "112"
    /// Whether mail can be sent; without it, no mails about alerts are written.
    package var isMailAvailable = true

    package init(linkBase: String) {
        self.linkBase = linkBase
    }

    package init(
        reading reader: inout SettingsReader, isMailAvailable: Bool, linkBase: String, emergencyNumber: String
    ) {
        correctionTime = .hours(
            Int64(reader.value(.correctionHours, default: 24, shown: "24", SettingValues.number(1...720))))
        self.linkBase = linkBase
        self.emergencyNumber = emergencyNumber
        self.isMailAvailable = isMailAvailable
    }
}

extension Setting {
    static let correctionHours = Setting(
        "CARESYNC_RECORD_FINAL_HOURS",
        "hours after which an entry of the medical history is final, from its writing or the end of the visit, "
            + "1 to 720 (24)")
}
