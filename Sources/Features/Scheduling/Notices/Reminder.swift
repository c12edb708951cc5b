import CareSyncCore

/// When a patient is reminded of an appointment.
enum Reminder {
    /// The same reading of the clinic's clock on the day before. A skipped reading is moved forward by the length of
    /// the jump; a repeated one is taken at its first occurrence.
    static func remindAt(_ start: Instant, zone: ClinicZone) -> Instant {
        let local = zone.local(start)
        let reading = LocalDateTime(local.date.adding(days: -1), local.time)
        if let moment = zone.instant(of: reading) { return moment }
        // As the clock would show it had it not jumped yet.
        let guess = reading.instant(offsetSeconds: zone.offsetSeconds(at: start))
        return reading.instant(offsetSeconds: zone.offsetSeconds(at: guess - .hours(12)))
    }
}
