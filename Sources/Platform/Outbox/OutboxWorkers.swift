package import Logging
package import Persistence

/// Two handlers of one kind: neither can know which messages are its own.
package struct DuplicateJobKind: Error, Equatable, CustomStringConvertible {
    package let kind: String

    package var description: String { "Two parts of the program handle outbox messages of the kind \(kind)." }
}

/// The workers of a process. Urgent kinds, effects, and each lane of them, have workers of their own, so that neither a slow
/// transaction nor a slow mail server or vendor holds up what somebody waits for.
package struct OutboxWorkers: Sendable {
    private let database: any Database
    private let kinds: Set<String>
    private let transactions: [OutboxWorker]
    private let effects: [OutboxWorker]
    private let logger: Logger

    /// Throws ``DuplicateJobKind``.
    package init(database: any Database, handlers: [JobHandler], logger: Logger) throws {
        var kinds: Set<String> = []
        for handler in handlers where !kinds.insert(handler.kind).inserted {
            throw DuplicateJobKind(kind: handler.kind)
        }
        self.database = database
        self.kinds = kinds
        self.logger = logger
        let groups = [true, false].map { isUrgent in handlers.filter { $0.isUrgent == isUrgent } }
        transactions = groups.map { $0.filter { !$0.isEffect } }.filter { !$0.isEmpty }.map {
            OutboxWorker(database: database, handlers: $0, logger: logger)
        }
        // At the same time: one that is slow holds up few others.
        effects = groups.map { $0.filter(\.isEffect) }.flatMap { group in
            Dictionary(grouping: group, by: \.lane).sorted { ($0.key ?? "") < ($1.key ?? "") }.map { lane in
                OutboxWorker(
                    database: database, handlers: lane.value, batchSize: 4, isConcurrent: true, logger: logger)
            }
        }
    }

    /// Works until the task is cancelled.
    package func run() async {
        do {
            try await reportUnhandled()
        } catch {
            logger.warning("outbox: not looked through", metadata: ["error": "\(error)"])
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in transactions + effects { group.addTask { await worker.run() } }
        }
    }

    /// Carries out what is due, effects one by one, so that they happen in their order; for tests that move the clock.
    package func runDue() async throws {
        var count = 1
        while count > 0 {
            count = 0
            for worker in transactions { count += try await worker.runOnce() }
            for worker in effects { count += try await worker.runOnce(atMost: 1) }
        }
    }

    /// Logs the kinds that wait and that this program does not handle; their messages stay, for one that does.
    package func reportUnhandled() async throws {
        let waiting = try await database.read { db in try OutboxRepository(db: db).waiting() }
        for (kind, count) in waiting where !kinds.contains(kind) {
            logger.warning(
                "outbox: nobody handles this kind", metadata: ["kind": "\(kind)", "messages": "\(count)"])
        }
    }
}
