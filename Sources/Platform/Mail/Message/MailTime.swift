package import CareSyncCore

extension ClinicZone {
    /// A moment for readers of a mail, on the clinic's clock and with the zone named, such as
    /// `Wednesday, 11 March 2026, 09:30 (Asia/Kolkata)`.
    package func mailText(_ instant: Instant) -> String {
        let local = local(instant)
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        let months = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ]
        let (date, time) = (local.date, local.time)
        func digits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(days[date.weekday - 1]), \(date.day) \(months[date.month - 1]) \(date.year), "
            + "\(digits(time.hour)):\(digits(time.minute)) (\(identifier))"
    }
}
