import CareSyncCore
import Concurrency
import Glibc
import Logging
import Persistence

/// A closure on its way to a worker.
struct PostgresJob: Sendable {
    let since: ContinuousClock.Instant
    let run: @Sendable (PostgresWorker) -> Void
    let refuse: @Sendable () -> Void
}

/// What waits for a worker that runs transactions.
enum PostgresWork: Sendable {
    /// Has the connection to itself.
    case job(PostgresJob)
    /// May leave together with others.
    case write(PostgresWrite)

    var alone: PostgresJob {
        switch self {
        case .job(let job): job
        case .write(let write): write.alone
        }
    }

    var isBatchable: Bool {
        if case .write = self { true } else { false }
    }
}

/// One thread with one connection.
final class PostgresWorker: @unchecked Sendable {
    // Safe: after `start` all that changes is touched by the worker's own thread only.
    let shared: PostgresShared
    private let workerIndex: Int
    private let duty: Duty
    fileprivate(set) var pipeline: PostgresPipeline?
    private var delay = Duration.milliseconds(50)
    private var nextAttempt = ContinuousClock.now

    private static let shortestDelay = Duration.milliseconds(50)
    private static let longestDelay = Duration.seconds(2)
    private static let mostConflicts = 3
    private static let mostLosses = 3

    /// Which queue a worker serves.
    enum Duty { case transactions, fetches }

    init(_ shared: PostgresShared, workerIndex: Int, connection: OpaquePointer?, duty: Duty) {
        self.shared = shared
        self.workerIndex = workerIndex
        self.duty = duty
        if let connection {
            let made = PostgresPipeline(connection, counters: shared.counters, margin: shared.margin)
            pipeline = made.inspect() ? made : nil
        }
    }

    /// Starts the thread; `false` when the system has none to give.
    func start() -> Bool {
        shared.threads.start(workerIndex, work)
    }

    private func work() {
        restore()
        switch duty {
        case .transactions:
            while case let work = shared.queue.pop(limit: Self.mostWrites, joining: \.isBatchable), !work.isEmpty {
                run(work)
                restore()
            }
        case .fetches:
            while case let fetches = shared.fetches.popAll(limit: Self.mostFetches), !fetches.isEmpty {
                fetch(fetches)
                restore()
            }
        }
        pipeline = nil
    }

    /// Makes a connection before the next job is taken, so that jobs go to workers that have one. Jobs that find none
    /// wait in the queue, which refuses them in time.
    private func restore() {
        while pipeline?.isBroken ?? true, !shared.isClosing {
            pipeline = nil
            if ContinuousClock.now >= nextAttempt { connect() } else { usleep(20_000) }
        }
    }

    /// Runs a body until it succeeds, fails for good, or was repeated often enough, but begins no attempt when the time of
    /// its caller is over.
    func perform<Value>(
        _ mode: PostgresConnection.Mode, since: ContinuousClock.Instant,
        _ body: (PostgresConnection) throws -> () throws -> Value
    ) -> Result<Value, any Error> {
        var (conflicts, losses) = (0, 0)
        let end = since + shared.deadline
        while true {
            guard ContinuousClock.now < end, let pipeline = readyPipeline(until: since + shared.patience, for: mode)
            else {
                return .failure(Problem.unavailable)
            }
            let scope = newScope(pipeline)
            let connection = PostgresConnection(pipeline, scope: scope, mode: mode)
            pipeline.firstAnswerBy = end
            do {
                let answer = try body(connection)
                try scope.finish(connection)
                try connection.finish()
                scope.committed()
                return connection.result(answer)
            } catch {
                connection.abandon()
                scope.rolledBack()
                if connection.mayRunAgain, losses < Self.mostLosses {
                    losses += 1
                } else if let failure = error as? DatabaseFailure, failure.isRetryable, conflicts < Self.mostConflicts {
                    conflicts += 1
                    pause(conflicts)
                } else {
                    return .failure(error)
                }
            }
        }
    }

    /// What a transaction of this worker gathers.
    func newScope(_ pipeline: PostgresPipeline) -> TransactionScope {
        TransactionScope(services: shared.services, session: pipeline.session)
    }

    /// Lets the other transaction finish: waits up to 4, 8, 12 ms.
    private func pause(_ conflicts: Int) {
        let random = shared.services.random.bytes(1).first ?? 0
        usleep(500 + UInt32(conflicts) * UInt32(random) * 16)
    }

    // MARK: Connecting

    /// The connection, opened again if it broke. While the database is away a job waits until its deadline; while there
    /// is one that takes no writes, those are refused at once.
    fileprivate func readyPipeline(
        until deadline: ContinuousClock.Instant, for mode: PostgresConnection.Mode
    ) -> PostgresPipeline? {
        if let pipeline, pipeline.isReady() {
            guard mode == .write, pipeline.isStandby else { return pipeline }
            guard ContinuousClock.now >= nextAttempt else { return nil }
        } else if pipeline != nil {
            shared.logger.warning("postgres: connection lost", metadata: ["worker": "\(workerIndex)"])
        }
        pipeline = nil
        while !shared.isClosing {
            let now = ContinuousClock.now
            guard now < deadline else { return nil }
            if now >= nextAttempt, let pipeline = connect() {
                return mode == .write && pipeline.isStandby ? nil : pipeline
            }
            usleep(20_000)
        }
        return nil
    }

    /// One attempt; the pause grows with each.
    @discardableResult
    private func connect() -> PostgresPipeline? {
        let (connection, failure) = shared.target.connect()
        let made = connection.map { PostgresPipeline($0, counters: shared.counters, margin: shared.margin) }
        guard let made, made.inspect() else {
            // Once for each outage: the next attempts tell nothing new.
            if delay == Self.shortestDelay {
                shared.logger.warning(
                    "postgres: no connection",
                    metadata: ["worker": "\(workerIndex)", "reason": "\(failure ?? "silence")"])
            }
            nextAttempt = .now + delay
            delay = min(delay * 2, Self.longestDelay)
            return nil
        }
        delay = Self.shortestDelay
        if made.isStandby {
            nextAttempt = .now + shared.recheck
            shared.logger.warning("postgres: the server takes no writes", metadata: ["worker": "\(workerIndex)"])
        }
        pipeline = made
        return made
    }
}

extension PostgresWorker {
    /// Runs one statement by itself, on a connection that ends with it.
    func performOutsideTransaction(_ sql: SQL, since: ContinuousClock.Instant) -> Result<Void, any Error> {
        guard let pipeline = readyPipeline(until: since + shared.patience, for: .write) else {
            return .failure(Problem.unavailable)
        }
        defer { self.pipeline = nil }
        return Result {
            pipeline.hasTimeLimit = false
            for setting: SQL in [
                "SET default_transaction_read_only = off", "SET statement_timeout = 0", "SET lock_timeout = 0",
            ] {
                _ = try pipeline.exchange([setting], isBetweenTransactions: true, .write)
            }
            _ = try pipeline.exchange([sql], isBetweenTransactions: true, .write)
        }
    }
}
