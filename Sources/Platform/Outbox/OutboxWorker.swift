import CareSyncCore
package import Logging
package import Persistence

/// Carries out due messages of some kinds. Any number may run on any nodes: each message is claimed by one, and a claim
/// that outlives its worker ends after a minute.
package struct OutboxWorker: Sendable {
    /// Waits for a while; throws when the task is cancelled. Tests have their own.
    package typealias Pause = @Sendable (Duration) async throws -> Void

    private let database: any Database
    private let handlers: [String: JobHandler]
    private let batchSize: Int
    private let isConcurrent: Bool
    private let listener: OutboxListener
    private let logger: Logger
    private let pause: Pause

    /// Messages that share a transaction.
    private static let mostJoined = 200
    /// A worker of transactions rests so many times as long as it worked, unless it is behind: what people wait for has the
    /// database to itself most of the time, and messages that come meanwhile share what they cost.
    private static let restFactor = 3
    /// However long it worked, or waited for a lock.
    private static let longestRest = Duration.milliseconds(500)
    /// How late a timer may be noticed, and what another node has left; what this process leaves wakes it at once.
    private static let longestIdle = Duration.seconds(1)
    private static let renewal = Duration.seconds(20)

    /// - Parameters:
    ///   - batchSize: how many messages are claimed at a time.
    ///   - isConcurrent: whether those are carried out at the same time, and not one after the other.
    package init(
        database: any Database, handlers: [JobHandler], batchSize: Int = 16, isConcurrent: Bool = false,
        logger: Logger, pause: @escaping Pause = { try await Task.sleep(for: $0) }
    ) {
        self.database = database
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }) { first, _ in first }
        self.batchSize = batchSize
        self.isConcurrent = isConcurrent
        listener = (database.services.part(OutboxSignal.self) ?? OutboxSignal()).listener(for: self.handlers.keys)
        self.logger = logger
        self.pause = pause
    }

    /// Works until the task is cancelled. Running jobs are finished first.
    package func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                let begin = ContinuousClock.now
                let count = try await runOnce()
                isFailing = false
                if count == 0 {
                    await listener.wait(atMost: Self.longestIdle)
                } else if !isConcurrent && count < fullRound {
                    // Cancelled when the program ends.
                    try? await Task.sleep(for: min(begin.duration(to: .now) * Self.restFactor, Self.longestRest))
                }
            } catch {
                if !isFailing {
                    logger.error("outbox: the database does not answer", metadata: ["error": "\(error)"])
                }
                isFailing = true
                await listener.wait(atMost: Self.longestIdle)
            }
        }
    }

    /// So many messages in a round show that more are waiting.
    private var fullRound: Int { handlers.values.contains(where: \.isBatchable) ? Self.mostJoined : batchSize }

    /// Carries out the messages that are due now, up to a batch; how many there were.
    @discardableResult
    package func runOnce(atMost limit: Int = .max) async throws -> Int {
        // Looked up on a reader, so writers do not wait for an idle worker.
        let kinds = Array(handlers.keys)
        guard limit > 0, try await database.read({ db in try OutboxRepository(db: db).hasDue(kinds) }) else { return 0 }
        let batchable = handlers.values.filter(\.isBatchable).map(\.kind)
        guard let batched = try? await runBatches(batchable, atMost: min(limit, Self.mostJoined)) else {
            return try await runClaimed(kinds, atMost: limit)
        }
        let others = handlers.keys.filter { !batchable.contains($0) }
        return batched + (try await runClaimed(others, atMost: limit - batched))
    }

    /// Carries out messages in one transaction, without claiming them first. When one fails all are undone; then they are
    /// claimed like others, so that each ends by itself.
    private func runBatches(_ kinds: [String], atMost limit: Int) async throws -> Int {
        guard !kinds.isEmpty else { return 0 }
        return try await database.write { db in
            let messages = try OutboxRepository(db: db).takeDone(kinds, limit)
            for (kind, messages) in Dictionary(grouping: messages, by: \.kind).sorted(by: { $0.key < $1.key }) {
                if case .batch(let body)? = handlers[kind]?.work { try body(messages, db) }
            }
            return messages.count
        }
    }

    private func runClaimed(_ kinds: [String], atMost limit: Int) async throws -> Int {
        guard !kinds.isEmpty, limit > 0 else { return 0 }
        let claim = Hex.text(database.services.random.bytes(16))
        let count = min(limit, batchSize)
        let messages = try await database.write { db in try OutboxRepository(db: db).claim(kinds, count, as: claim) }
        guard !messages.isEmpty else { return 0 }
        try await whileRenewing(messages.map(\.id), claim) {
            if isConcurrent {
                try await together(messages)
            } else {
                for message in messages { try await process(message) }
            }
        }
        return messages.count
    }

    /// Keeps the claim as long as the work lasts. What has lost it all the same notices when it wants to settle.
    private func whileRenewing(
        _ ids: [Int64], _ claim: String, _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                while true {
                    do { try await pause(Self.renewal) } catch { return false }
                    // While the database is away nobody else can claim them either.
                    _ = try? await database.write { db in try OutboxRepository(db: db).renew(ids, claim) }
                }
            }
            while let isWork = try await group.next(), !isWork {}
            group.cancelAll()
        }
    }

    /// All of them come to their end, whatever becomes of one.
    private func together(_ messages: [OutboxMessage]) async throws {
        let errors = await withTaskGroup(of: (any Error)?.self) { group in
            for message in messages {
                group.addTask {
                    do {
                        try await process(message)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [any Error]()) { errors, error in error.map { errors.append($0) } }
        }
        if let first = errors.first { throw first }
    }

    private func process(_ message: OutboxMessage) async throws {
        guard let handler = handlers[message.kind] else { return }
        do {
            do {
                try await carryOut(message, handler)
            } catch let error where !(error is ClaimLost) {
                try await settle(message, handler, .failed(Self.reason(error)))
            }
        } catch is ClaimLost {
            logger.info("outbox: claim lost", metadata: ["id": "\(message.id)", "kind": "\(message.kind)"])
        }
    }

    private func carryOut(_ message: OutboxMessage, _ handler: JobHandler) async throws {
        switch handler.work {
        case .transaction(let body): try await transact(message) { db in try body(message, db) }
        case .batch(let body): try await transact(message) { db in try body([message], db) }
        case .effect(let body): try await settle(message, handler, try await body(message))
        }
    }

    /// The message is looked at without a lock and marked last, so that locks are taken in one order everywhere.
    private func transact(
        _ message: OutboxMessage, _ body: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        try await database.write { db in
            let outbox = OutboxRepository(db: db)
            guard try outbox.isHeld(message) else { throw ClaimLost() }
            try body(db)
            try outbox.done(message)
        }
    }

    private func settle(_ message: OutboxMessage, _ handler: JobHandler, _ result: EffectResult) async throws {
        let random = database.services.random.bytes(1)[0]
        let isLast = message.attempts >= handler.retry.attempts
        switch result.outcome {
        case .done: break
        case .parked(let reason), .failed(let reason):
            // Only a code or the type of an error is kept: its text might quote what it failed on.
            logger.warning(
                "outbox: message failed",
                metadata: [
                    "id": "\(message.id)", "kind": "\(message.kind)", "attempt": "\(message.attempts)",
                    "error": "\(reason)",
                ])
        }
        try await database.write { db in
            try result.write(db)
            let outbox = OutboxRepository(db: db)
            switch result.outcome {
            case .done: try outbox.done(message)
            case .parked(let reason): try outbox.park(message, reason: reason)
            case .failed(let reason) where isLast: try outbox.park(message, reason: reason)
            case .failed(let reason):
                let delay = handler.retry.delay(after: message.attempts, random: random)
                try outbox.postpone(message, to: db.scope.services.time.now + delay, reason: reason)
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? any FailureCatalogue)?.problem.code ?? (error as? Problem)?.code ?? "\(type(of: error))"
    }
}
