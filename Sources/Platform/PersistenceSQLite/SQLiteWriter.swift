import CSQLite
import Persistence

/// A transaction that waits for the writer.
struct WriteJob: Sendable {
    /// Runs the body; what it returns hands the result to the caller.
    let run: @Sendable (SQLiteConnection) throws -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
}

/// Runs write transactions on one thread, many to a commit: one flush costs milliseconds however much it covers.
///
/// Every job has a savepoint of its own, so one that fails leaves the others alone. No caller hears of success before the
/// commit they share is durable.
final class SQLiteWriter {
    private let handle: SQLiteHandle
    private let services: DatabaseServices

    /// Bounds what has to be repeated when a commit fails.
    static let batchLimit = 256
    /// How often a body runs that got in the way of another process.
    private static let attempts = 4

    init(handle: SQLiteHandle, services: DatabaseServices) {
        self.handle = handle
        self.services = services
    }

    private enum Outcome {
        case done(TransactionScope, deliver: @Sendable () -> Void)
        case failed(any Error)
    }

    /// The shared transaction is gone, with everything the batch did.
    private struct BatchLost: Error {
        let failure: any Error
        let mayRunAgain: Bool
    }

    func run(_ jobs: [WriteJob]) {
        do {
            try commit(jobs)
        } catch {
            guard jobs.count > 1, error.mayRunAgain else {
                for job in jobs { job.fail(error.failure) }
                return
            }
            // One of them may have been too large for the disk or the memory: alone, the others succeed.
            for job in jobs { run([job]) }
        }
    }

    private func commit(_ jobs: [WriteJob]) throws(BatchLost) {
        do {
            try handle.execute("BEGIN IMMEDIATE")
        } catch let failure as DatabaseFailure where failure.isOfStorage {
            throw BatchLost(failure: failure, mayRunAgain: false)
        } catch {
            throw BatchLost(failure: DatabaseFailure.unavailable, mayRunAgain: false)
        }
        handle.needsTransaction = true
        defer { handle.needsTransaction = false }
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(jobs.count)
        do throws(BatchLost) {
            for job in jobs { outcomes.append(try attempt(job)) }
            try commit()
        } catch {
            if !handle.isIdle { try? handle.execute("ROLLBACK") }  // When this fails, the next BEGIN does.
            for case .done(let scope, _) in outcomes { scope.rolledBack() }
            throw error
        }
        for (job, outcome) in zip(jobs, outcomes) {
            switch outcome {
            case .done(let scope, let deliver):
                scope.committed()
                deliver()
            case .failed(let error):
                job.fail(error)
            }
        }
    }

    private func commit() throws(BatchLost) {
        do {
            try handle.execute("COMMIT")
        } catch DatabaseFailure.storage(let code) where code.hasPrefix("SQLITE_IOERR") {
            // The pages may have reached the disk, where a restart would find them.
            throw BatchLost(failure: DatabaseFailure.connectionLost(outcomeUnknown: true), mayRunAgain: false)
        } catch {
            throw BatchLost(failure: error, mayRunAgain: true)
        }
    }

    /// Runs a job in its savepoint, again when that may help.
    private func attempt(_ job: WriteJob) throws(BatchLost) -> Outcome {
        var attempt = 1
        while true {
            let scope = TransactionScope(services: services, session: handle.session)
            do {
                try handle.execute("SAVEPOINT job")
                let db = SQLiteConnection(handle: handle, scope: scope)
                let deliver = try job.run(db)
                try scope.finish(db)
                try handle.execute("RELEASE job")
                return .done(scope, deliver: deliver)
            } catch {
                scope.rolledBack()
                try undo(after: error)
                guard attempt < Self.attempts, (error as? DatabaseFailure)?.isRetryable == true else {
                    return .failed(error)
                }
                attempt += 1
            }
        }
    }

    private func undo(after error: any Error) throws(BatchLost) {
        // SQLite itself undoes the transaction after some errors, such as a full disk.
        guard !handle.isIdle else { throw BatchLost(failure: error, mayRunAgain: true) }
        do {
            try handle.execute("ROLLBACK TO job; RELEASE job")
        } catch {
            throw BatchLost(failure: error, mayRunAgain: true)
        }
    }
}
