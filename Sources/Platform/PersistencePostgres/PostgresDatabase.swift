import CPostgres
import CareSyncCore
package import Logging
package import Persistence
import Synchronization

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
    /// - Parameter patience: how long work waits for a database that is away before it is refused.
    package init(
        url: String, connections: Int = 16, fetchers: Int = 2, patience: Duration = .seconds(5),
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
            patience: patience, services: services, logger: logger)
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
        return try await waiting { continuation in
            let fetch = PostgresFetch(plan, since: since, continuation)
            let isTaken = fetchers > 0 ? shared.fetches.push(fetch) : shared.queue.push(.job(fetch.alone))
            if !isTaken { fetch.alone.refuse() }
        }
    }

    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> () throws -> Value
    ) async throws -> Value {
        try await submit { since, caller in .write(PostgresWrite(body, since: since, caller)) }
    }

    package func close() async {
        shared.close()
        await shared.workersEnd()
    }

    private func submit<Value: Sendable>(
        _ mode: PostgresConnection.Mode, _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await submit { since, caller in
            .job(
                PostgresJob { worker in
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
        _ work: (ContinuousClock.Instant, Caller<Value>) -> PostgresWork
    ) async throws -> Value {
        let since = ContinuousClock.now
        return try await waiting { caller in
            let work = work(since, caller)
            if !shared.queue.push(work) { work.alone.refuse() }
        }
    }
}

/// What all workers of a database have in common.
final class PostgresShared: Sendable {
    let target: PostgresTarget
    let queue: JobQueue<PostgresWork>
    let fetches: JobQueue<PostgresFetch>
    let patience: Duration
    let services: DatabaseServices
    let logger: Logger
    let counters = PostgresCounters()
    private let closing = Atomic<Bool>(false)
    private let workers = Mutex<(running: Int, waiting: [CheckedContinuation<Void, Never>])>((0, []))

    init(
        target: PostgresTarget, queue: JobQueue<PostgresWork>, fetches: JobQueue<PostgresFetch>, patience: Duration,
        services: DatabaseServices, logger: Logger
    ) {
        self.target = target
        self.queue = queue
        self.fetches = fetches
        self.patience = patience
        self.services = services
        self.logger = logger
    }

    var isClosing: Bool { closing.load(ordering: .acquiring) }

    func close() {
        closing.store(true, ordering: .releasing)
        queue.close()
        fetches.close()
    }

    func workerStarts() {
        workers.withLock { $0.running += 1 }
    }

    func workerEnded() {
        let waiting = workers.withLock { workers in
            workers.running -= 1
            guard workers.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { workers.waiting.removeAll() }
            return workers.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until every worker has closed its connection.
    func workersEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = workers.withLock { workers in
                if workers.running > 0 { workers.waiting.append(continuation) }
                return workers.running == 0
            }
            if isOver { continuation.resume() }
        }
    }
}
