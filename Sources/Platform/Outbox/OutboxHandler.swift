package import CareSyncCore
package import Persistence

/// A message as a handler receives it.
package struct OutboxItem: RowDecodable, Equatable {
    package let id: Int64
    package let kind: String
    package let subject: String
    package let channel: String
    package let version: Int64
    package let payload: String
    /// How often it was tried, this time included.
    package let attempts: Int
    package let createdAt: Instant
    /// Until when the worker that received it has it for itself; tells its claim from every other.
    package let claimedUntil: Instant

    package init(row: Row) throws {
        id = try row.value("id")
        kind = try row.value("kind")
        subject = try row.value("subject")
        channel = try row.value("channel")
        version = try row.value("version")
        payload = try row.value("payload")
        attempts = try row.value("attempts")
        createdAt = try row.value("created_at")
        claimedUntil = try row.value("claimed_until")
    }
}

/// How a kind of message is carried out.
package struct OutboxHandler: Sendable {
    enum Work: Sendable {
        /// SQL in the transaction that also marks the message as done: happens exactly once.
        case transaction(@Sendable (OutboxItem, any Connection) throws -> Void, isBatchable: Bool)
        /// Anything else, outside transactions: happens at least once, so it is idempotent by the message's identity.
        case effect(@Sendable (OutboxItem) async throws -> Void)
    }

    let kind: String
    let work: Work
    let retry: RetryPolicy

    /// - Parameter mayJoin: whether messages may share a transaction, which spares most of what they cost. Only for work that
    ///   locks nothing that others wait for.
    package static func transaction(
        _ kind: String, retry: RetryPolicy = .standard, isBatchable: Bool = false,
        _ body: @escaping @Sendable (OutboxItem, any Connection) throws -> Void
    ) -> OutboxHandler {
        OutboxHandler(kind: kind, work: .transaction(body, isBatchable: isBatchable), retry: retry)
    }

    var isBatchable: Bool {
        if case .transaction(_, isBatchable: true) = work { true } else { false }
    }

    package static func effect(
        _ kind: String, retry: RetryPolicy = .standard, _ body: @escaping @Sendable (OutboxItem) async throws -> Void
    ) -> OutboxHandler {
        OutboxHandler(kind: kind, work: .effect(body), retry: retry)
    }
}

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
