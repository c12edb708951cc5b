import CPostgres
import CareSyncCore
import Concurrency
import Dispatch
package import Logging
package import Persistence

/// The PostgreSQL driver: a fixed number of threads, each with a connection of its own, fed by one bounded queue.
///
/// A loss of the connection is repaired by the thread. What was running then is repeated only where that cannot do
/// anything twice; see ``DatabaseFailure/connectionLost(outcomeUnknown:)``.
package final class PostgresDatabase: Database {
    private let shared: PostgresShared
    /// How many connections serve ``fetch(_:)`` and nothing else.
    private let fetchers: Int
    /// Waiting jobs beyond this number are refused.
    private static let mostWaiting = 4096

    /// Makes one connection, so that a wrong address or password stops the start; the threads make the others.
    ///
    /// - Parameter fetchers: of these connections so many serve ``fetch(_:)`` and nothing else, at most one in four. Fewer
    ///   connections than callers is what lets reads travel together; more than processors help nobody.
    /// - Parameter patience: how long work waits for a connection, or for a database that is away, before it is refused.
    /// - Parameter deadline: after how long a transaction is not begun again, and how long its first answer may take, counted
    ///   from the call.
    /// - Parameter margin: how much longer than its statement time-out the server may be silent while it owes an answer.
    /// - Parameter recheck: how often a server that takes no writes is looked at again.
    package init(
        url: String, connections: Int = 16, fetchers: Int = 2, patience: Duration = .seconds(5),
        deadline: Duration = .seconds(10), margin: Duration = .seconds(2), recheck: Duration = .seconds(1),
        services: DatabaseServices, logger: Logger
    ) throws {
        let target = try PostgresTarget(url: url)
        let (connection, failure) = target.connect()
        guard let connection else {
            throw PostgresStartFailure(
                description: "The database \(target.place) cannot be reached: \(failure ?? "no reason given")")
        }
        guard PQserverVersion(connection) >= 150_000 else {
            PQfinish(connection)
            throw PostgresStartFailure(description: "The database \(target.place) is older than PostgreSQL 15.")
        }
        let shared = PostgresShared(
            target: target, queue: JobQueue(bound: Self.mostWaiting), fetches: JobQueue(bound: Self.mostWaiting),
            patience: patience, deadline: max(patience, deadline), margin: margin, recheck: recheck, services: services,
            logger: logger)
        self.shared = shared
        self.fetchers = min(fetchers, connections / 4)
        for workerIndex in 0..<max(1, connections) {
            let worker = PostgresWorker(
                shared, workerIndex: workerIndex, connection: workerIndex == 0 ? connection : nil,
                duty: workerIndex > 0 && workerIndex <= self.fetchers ? .fetches : .transactions)
            guard worker.start() || workerIndex > 0 else {
                throw PostgresStartFailure(description: "No thread for the database could be started.")
            }
        }
        _ = shared.threads.start(connections) { shared.refuseOverdue() }
    }

    deinit { shared.close() }

    package var dialect: Dialect { .postgres }
    package var services: DatabaseServices { shared.services }
    package var counters: PostgresCounters { shared.counters }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await submit(.read, body)
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await submit(.write, body)
    }

    package func fetch<Value: Sendable>(
        _ plan: @escaping @Sendable (Batch) throws -> () throws -> Value
    ) async throws -> Value {
        let since = ContinuousClock.now
        return try await withCheckedThrowingContinuation { continuation in
            let fetch = PostgresFetch(plan, since: since, continuation)
            if fetchers > 0 {
                shared.fetches.push(fetch)?.alone.refuse()
            } else {
                shared.queue.push(.job(fetch.alone))?.alone.refuse()
            }
        }
    }

    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        try await submit { since, caller in .write(PostgresWrite(body, since: since, caller)) }
    }

    package func runOutsideTransaction(_ sql: SQL) async throws {
        try await submit { since, caller in
            .job(
                PostgresJob(since: since) { worker in
                    caller.resume(with: worker.performOutsideTransaction(sql, since: since))
                } refuse: {
                    caller.resume(throwing: Problem.unavailable)
                })
        }
    }

    package func close() async {
        shared.close()
        await shared.threads.ended()
    }

    private func submit<Value: Sendable>(
        _ mode: PostgresConnection.Mode, _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await submit { since, caller in
            .job(
                PostgresJob(since: since) { worker in
                    caller.resume(
                        with: worker.perform(mode, since: since) { db in
                            let value = try body(db)
                            return { value }
                        })
                } refuse: {
                    caller.resume(throwing: Problem.unavailable)
                })
        }
    }

    private func submit<Value: Sendable>(
        _ work: (ContinuousClock.Instant, CheckedContinuation<Value, any Error>) -> PostgresWork
    ) async throws -> Value {
        let since = ContinuousClock.now
        return try await withCheckedThrowingContinuation { caller in
            let work = work(since, caller)
            shared.queue.push(work)?.alone.refuse()
        }
    }
}

/// What all workers of a database have in common.
final class PostgresShared: Sendable {
    let target: PostgresTarget
    let queue: JobQueue<PostgresWork>
    let fetches: JobQueue<PostgresFetch>
    let patience: Duration
    let deadline: Duration
    let margin: Duration
    let recheck: Duration
    let services: DatabaseServices
    let logger: Logger
    let counters = PostgresCounters()
    let threads = ThreadGroup("postgres")
    private let closed = DispatchSemaphore(value: 0)

    init(
        target: PostgresTarget, queue: JobQueue<PostgresWork>, fetches: JobQueue<PostgresFetch>, patience: Duration,
        deadline: Duration, margin: Duration, recheck: Duration, services: DatabaseServices, logger: Logger
    ) {
        self.target = target
        self.queue = queue
        self.fetches = fetches
        self.patience = patience
        self.deadline = deadline
        self.margin = margin
        self.recheck = recheck
        self.services = services
        self.logger = logger
    }

    var isClosing: Bool { threads.isStopping }

    func close() {
        threads.stop()
        queue.close()
        fetches.close()
        closed.signal()
    }

    /// Refuses what has waited for too long, until the database is closed: all workers may be waiting for a server that says
    /// nothing.
    func refuseOverdue() {
        while closed.wait(timeout: .now() + .milliseconds(250)) == .timedOut {
            let limit = ContinuousClock.now - patience
            for work in queue.removeAll(where: { $0.alone.since < limit }) { work.alone.refuse() }
            for fetch in fetches.removeAll(where: { $0.alone.since < limit }) { fetch.alone.refuse() }
        }
    }
}
