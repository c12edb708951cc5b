package import CareSyncCore

/// When a failed message is tried again, and when it is given up and parked for an administrator.
package struct RetryPolicy: Sendable {
    package let attempts: Int
    package let firstDelay: TimeSpan
    package let longestDelay: TimeSpan

    package init(attempts: Int, firstDelay: TimeSpan, longestDelay: TimeSpan) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
    }

    /// 12 tries over about a day.
    package static let standard = RetryPolicy(attempts: 12, firstDelay: .seconds(5), longestDelay: .hours(6))

    /// Doubles with each attempt; the random byte spreads it over the upper half of that span.
    func delay(after attempts: Int, random: UInt8) -> TimeSpan {
        let doubled = firstDelay.microseconds.multipliedReportingOverflow(by: 1 << Int64(min(attempts - 1, 30)))
        let full = doubled.overflow ? longestDelay.microseconds : min(doubled.partialValue, longestDelay.microseconds)
        return TimeSpan(microseconds: full / 2 + full / 2 * Int64(random) / 255)
    }
}
