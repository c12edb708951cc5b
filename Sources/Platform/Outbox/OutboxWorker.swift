import CareSyncCore
package import Logging
package import Persistence

/// Carries out due outbox messages. Any number may run on any nodes: each message is claimed by one, and a claim that
/// outlives its worker ends after a minute.
package struct OutboxWorker: Sendable {
    private let database: any Database
    private let handlers: [String: OutboxHandler]
    private let batchSize: Int
    private let isConcurrent: Bool
    private let listener: OutboxListener
    private let logger: Logger

    private static let claim: TimeSpan = .seconds(60)
    /// Messages that share a transaction.
    private static let mostJoined = 64
    /// A worker of transactions rests so many times as long as it worked: what people wait for has the database to itself
    /// most of the time, and messages that come meanwhile share what they cost.
    private static let rest = 3

    /// - Parameters:
    ///   - batchSize: how many messages are claimed at a time. A claim must outlive what is done with all of them, so slow
    ///     effects come in a worker of their own.
    ///   - isConcurrent: whether those are carried out at the same time, and not one after the other.
    package init(
        database: any Database, handlers: [OutboxHandler], batchSize: Int = 16, isConcurrent: Bool = false,
        logger: Logger
    ) {
        self.database = database
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }) { first, _ in first }
        self.batchSize = batchSize
        self.isConcurrent = isConcurrent
        listener = (database.services.part(OutboxSignal.self) ?? OutboxSignal()).listener(for: self.handlers.keys)
        self.logger = logger
    }

    /// Works until the task is cancelled. What is in hand then is finished first.
    package func run() async {
        while !Task.isCancelled {
            do {
                let begin = ContinuousClock.now
                if try await runOnce() == 0 {
                    await listener.wait(atMost: .seconds(1))
                } else if !isConcurrent {
                    // Cancelled when the program ends.
                    try? await Task.sleep(for: begin.duration(to: .now) * Self.rest)
                }
            } catch {
                logger.error("outbox: the database does not answer", metadata: ["error": "\(error)"])
                await listener.wait(atMost: .seconds(5))
            }
        }
    }

    /// Carries out the messages that are due now, up to a batch; how many there were.
    @discardableResult
    package func runOnce(atMost limit: Int = .max) async throws -> Int {
        let joining = handlers.values.filter(\.isBatchable).map(\.kind)
        guard limit > 0, let joined = try? await carryOutTogether(joining, atMost: min(limit, Self.mostJoined)) else {
            return try await runClaimed(Array(handlers.keys), atMost: limit)
        }
        let others = handlers.keys.filter { !joining.contains($0) }
        return joined + (try await runClaimed(others, atMost: limit - joined))
    }

    /// Carries out messages in one transaction, without claiming them first. When one fails all are undone; then they are
    /// claimed like others, so that each ends by itself.
    private func carryOutTogether(_ kinds: [String], atMost limit: Int) async throws -> Int {
        guard !kinds.isEmpty else { return 0 }
        return try await database.write { db in
            let now = db.now
            let items: [OutboxItem] = try db.all(
                """
                UPDATE outbox SET done_at = \(now), claimed_until = NULL, last_error = NULL, attempts = attempts + 1
                WHERE id IN (\(Self.due(kinds, limit, now, db.dialect)))
                RETURNING id, kind, subject, channel, version, payload, attempts, created_at, \(now) AS claimed_until
                """)
            for item in items {
                if case .transaction(let body, _)? = handlers[item.kind]?.work { try body(item, db) }
            }
            return items.count
        }
    }

    private func runClaimed(_ kinds: [String], atMost limit: Int) async throws -> Int {
        guard !kinds.isEmpty else { return 0 }
        let items = try await claimDue(kinds, min(limit, batchSize))
        if isConcurrent {
            try await together(items)
        } else {
            for item in items { try await process(item) }
        }
        return items.count
    }

    /// All of them come to their end, whatever becomes of one.
    private func together(_ items: [OutboxItem]) async throws {
        let errors = await withTaskGroup(of: (any Error)?.self) { group in
            for item in items {
                group.addTask {
                    do {
                        try await process(item)
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

    private func process(_ item: OutboxItem) async throws {
        guard let handler = handlers[item.kind] else { return }
        do {
            try await carryOut(item, handler)
        } catch is OutboxSettled {
            return
        } catch {
            try await failed(item, handler, error)
        }
    }

    private func claimDue(_ kinds: [String], _ limit: Int) async throws -> [OutboxItem] {
        try await database.write { db in
            let now = db.now
            return try db.all(
                """
                UPDATE outbox SET claimed_until = \(now + Self.claim), attempts = attempts + 1
                WHERE id IN (\(Self.due(kinds, limit, now, db.dialect)))
                RETURNING id, kind, subject, channel, version, payload, attempts, created_at, claimed_until
                """)
        }
    }

    /// One look per kind at the front of its part of the index: what waits of one kind, such as mails while their server is
    /// away, costs the others nothing.
    private static func due(_ kinds: [String], _ limit: Int, _ now: Instant, _ dialect: Dialect) -> SQL {
        let fronts = kinds.map { (kind: String) -> SQL in
            """
            SELECT * FROM (SELECT id, due_at FROM outbox
                           WHERE kind = \(kind) AND done_at IS NULL AND parked_at IS NULL AND due_at <= \(now)
                             AND (claimed_until IS NULL OR claimed_until <= \(now))
                           ORDER BY due_at, id LIMIT \(limit)\(dialect.forUpdateSkipLocked)) front
            """
        }
        return "SELECT id FROM (\(SQL.joined(fronts, separator: " UNION ALL "))) due ORDER BY due_at, id LIMIT \(limit)"
    }

    private func carryOut(_ item: OutboxItem, _ handler: OutboxHandler) async throws {
        switch handler.work {
        case .transaction(let body, _):
            try await database.write { db in
                // The message may have been withdrawn, or done by another worker after this claim ran out.
                guard try db.run(Self.done(item, db)) == 1 else { return }
                try body(item, db)
            }
        case .effect(let body):
            try await body(item)
            try await database.write { db in _ = try db.run(Self.done(item, db)) }
        }
    }

    private static func done(_ item: OutboxItem, _ db: any Connection) -> SQL {
        """
        UPDATE outbox SET done_at = \(db.now), claimed_until = NULL, last_error = NULL, parked_at = NULL
        WHERE id = \(item.id) AND done_at IS NULL
        """
    }

    private func failed(_ item: OutboxItem, _ handler: OutboxHandler, _ error: any Error) async throws {
        // Only the type of the error is kept: its text might quote what it failed on.
        let reason = (error as? any FailureCatalogue)?.problem.code ?? (error as? Problem)?.code ?? "\(type(of: error))"
        let isLast = item.attempts >= handler.retry.attempts
        logger.warning(
            "outbox: message failed",
            metadata: ["id": "\(item.id)", "kind": "\(item.kind)", "attempt": "\(item.attempts)", "error": "\(reason)"])
        let random = database.services.random.bytes(1)[0]
        try await database.write { db in
            let now = db.now
            let due = now + handler.retry.delay(after: item.attempts, random: random)
            try db.run(
                """
                UPDATE outbox SET due_at = \(due), claimed_until = NULL, last_error = \(reason),
                                  parked_at = \(isLast ? now : nil)
                WHERE id = \(item.id) AND claimed_until = \(item.claimedUntil) AND done_at IS NULL
                """)
        }
    }
}
