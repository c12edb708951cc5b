package import CareSyncCore
package import Persistence

/// How a kind of job is carried out.
package struct JobHandler: Sendable {
    enum Work: Sendable {
        /// SQL in the transaction that also marks the message as done: takes effect exactly once.
        case transaction(@Sendable (OutboxMessage, any Connection) throws -> Void)
        /// The same for many messages in one transaction.
        case batch(@Sendable ([OutboxMessage], any Connection) throws -> Void)
        /// Anything else, outside transactions: happens at least once.
        case effect(@Sendable (OutboxMessage) async throws -> EffectResult)
    }

    package let kind: String
    let isUrgent: Bool
    /// Handlers of one lane share a worker; `nil` for the common one.
    var lane: String?
    let retry: RetryPolicy
    let work: Work

    var isBatchable: Bool {
        if case .batch = work { true } else { false }
    }

    var isEffect: Bool {
        if case .effect = work { true } else { false }
    }

    /// SQL in the transaction that also marks the job as done, as its last statement: takes effect exactly once.
    ///
    /// - Parameter isUrgent: whether somebody is in danger or waits for it: it then never waits for other work.
    package static func transaction<Content: Job>(
        _ type: Content.Type, isUrgent: Bool = false, retry: RetryPolicy = .standard,
        _ body: @escaping @Sendable (Content, any Connection) throws -> Void
    ) -> JobHandler {
        JobHandler(
            kind: Content.kind, isUrgent: isUrgent, retry: retry,
            work: .transaction { message, db in try body(try OutboxPayload.read(message.payload), db) })
    }

    /// Many jobs in one transaction, in their order. Only for work that locks nothing others wait for.
    package static func batch<Content: Job>(
        _ type: Content.Type, retry: RetryPolicy = .standard,
        _ body: @escaping @Sendable ([Content], any Connection) throws -> Void
    ) -> JobHandler {
        JobHandler(
            kind: Content.kind, isUrgent: false, retry: retry,
            work: .batch { messages, db in try body(try messages.map { try OutboxPayload.read($0.payload) }, db) })
    }

    /// Anything but SQL, such as a call of another system: happens at least once, so it is idempotent by the job's key, or
    /// finds out by ``JobAttempt`` whether it has begun before. What it throws is tried again.
    ///
    /// - Parameter lane: names a worker of its own, for what asks a system that may hang: nothing else waits for it then.
    package static func effect<Content: Job>(
        _ type: Content.Type, isUrgent: Bool = false, lane: String? = nil, retry: RetryPolicy = .standard,
        _ body: @escaping @Sendable (Content, JobAttempt) async throws -> EffectResult
    ) -> JobHandler {
        JobHandler(
            kind: Content.kind, isUrgent: isUrgent, lane: lane, retry: retry,
            work: .effect { message in
                let attempt = JobAttempt(message, isLast: message.attempts >= retry.attempts)
                return try await body(try OutboxPayload.read(message.payload), attempt)
            })
    }
}

/// One try at an effect.
package struct JobAttempt: Sendable {
    /// Of the message; the same in every try.
    package let id: Int64
    /// From 1.
    package let number: Int
    /// Whether the job is given up when this try fails.
    package let isLast: Bool
    /// When the job was enqueued.
    package let createdAt: Instant
    let claim: String

    init(_ message: OutboxMessage, isLast: Bool) {
        id = message.id
        number = message.attempts
        self.isLast = isLast
        createdAt = message.createdAt
        claim = message.claim
    }
}

/// What has become of an effect.
package struct EffectResult: Sendable {
    enum Outcome: Equatable, Sendable {
        case done
        /// Waits for an administrator.
        case parked(reason: String)
        /// Is tried again, unless this was the last try.
        case failed(reason: String)
    }

    let outcome: Outcome
    /// In the transaction that settles the message.
    let write: @Sendable (any Connection) throws -> Void

    /// - Parameter write: what the effect leaves in the database, in the transaction that marks the job as done. When the
    ///   claim was lost meanwhile, all of it is undone.
    package static func done(_ write: @escaping @Sendable (any Connection) throws -> Void = { _ in }) -> EffectResult {
        EffectResult(outcome: .done, write: write)
    }

    /// Gives the job up until an administrator retries it.
    ///
    /// - Parameter reason: a code, never the text of an error.
    package static func parked(
        _ reason: String, _ write: @escaping @Sendable (any Connection) throws -> Void = { _ in }
    ) -> EffectResult {
        EffectResult(outcome: .parked(reason: reason), write: write)
    }

    /// Tries again as the retry policy says; after the last try as ``parked(_:_:)``.
    package static func failed(
        _ reason: String, _ write: @escaping @Sendable (any Connection) throws -> Void = { _ in }
    ) -> EffectResult {
        EffectResult(outcome: .failed(reason: reason), write: write)
    }
}
