import CareSyncCore
import Glibc
import Logging
import Persistence

/// A closure on its way to a worker.
struct PostgresJob: Sendable {
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
    private(set) var pipeline: PostgresPipeline?
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
        pipeline = connection.map { PostgresPipeline($0, counters: shared.counters) }
    }

    /// Starts the thread; `false` when the system has none to give.
    func start() -> Bool {
        var thread = pthread_t()
        let worker = Unmanaged.passRetained(self)
        shared.workerStarts()
        let status = pthread_create(
            &thread, nil,
            { worker in
                if let worker { Unmanaged<PostgresWorker>.fromOpaque(worker).takeRetainedValue().work() }
                return nil
            }, worker.toOpaque())
        guard status == 0 else {
            worker.release()
            shared.workerEnded()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func work() {
        if pipeline == nil { connect() }
        switch duty {
        case .transactions:
            while case let work = shared.queue.pop(limit: Self.mostWrites, joining: \.isBatchable), !work.isEmpty {
                run(work)
            }
        case .fetches:
            while case let fetches = shared.fetches.popAll(limit: Self.mostFetches), !fetches.isEmpty { fetch(fetches) }
        }
        pipeline = nil
        shared.workerEnded()
    }

    /// Runs a body until it succeeds, fails for good, or was repeated often enough.
    func perform<Value>(
        _ mode: PostgresConnection.Mode, since: ContinuousClock.Instant,
        _ body: (any Connection) throws -> () throws -> Value
    ) -> Result<Value, any Error> {
        var (conflicts, losses) = (0, 0)
        while true {
            guard let pipeline = readyPipeline(until: since + shared.patience) else {
                return .failure(Problem.unavailable)
            }
            let scope = newScope(pipeline)
            let connection = PostgresConnection(pipeline, scope: scope, mode: mode)
            do {
                let answer = try body(connection)
                try scope.finish(connection)
                try connection.finish()
                scope.committed()
                return Result { try answer() }
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

    /// Lets the other transaction get ahead: up to 4, 8, 12 ms.
    private func pause(_ conflicts: Int) {
        let random = shared.services.random.bytes(1).first ?? 0
        usleep(500 + UInt32(conflicts) * UInt32(random) * 16)
    }

    // MARK: Connecting

    /// The connection, made anew when it broke. While the database is away a job waits until its deadline.
    private func readyPipeline(until deadline: ContinuousClock.Instant) -> PostgresPipeline? {
        if let pipeline, pipeline.isReady() { return pipeline }
        if pipeline != nil {
            pipeline = nil
            shared.logger.warning("postgres: connection lost", metadata: ["worker": "\(workerIndex)"])
        }
        while !shared.isClosing {
            let now = ContinuousClock.now
            if now >= nextAttempt, let pipeline = connect() { return pipeline }
            guard now < deadline else { return nil }
            usleep(20_000)
        }
        return nil
    }

    /// One attempt; the next one comes later each time.
    @discardableResult
    private func connect() -> PostgresPipeline? {
        let (connection, failure) = shared.target.connect()
        guard let connection else {
            nextAttempt = .now + delay
            delay = min(delay * 2, Self.longestDelay)
            shared.logger.warning(
                "postgres: no connection", metadata: ["worker": "\(workerIndex)", "reason": "\(failure ?? "")"])
            return nil
        }
        delay = Self.shortestDelay
        let made = PostgresPipeline(connection, counters: shared.counters)
        pipeline = made
        return made
    }
}
