import CareSyncCore
import Foundation
import GRDB
package import Persistence

/// A SQLite file. One thread writes and some read, all of them the driver's own; other processes may use the same file.
///
/// Queues hold at most ``queueBound`` transactions each; one that finds no room fails with `UNAVAILABLE`.
package final class SQLiteDatabase: Persistence.Database {
    package let dialect = Dialect.sqlite
    package let services: DatabaseServices
    private let writes = JobQueue<WriteJob>(bound: queueBound)
    private let reads = JobQueue<WriteJob>(bound: queueBound)
    private let readers = ThreadGroup()
    private let writer = ThreadGroup()

    package static let queueBound = 4096

    /// Opens the file; makes it, and its folder, when they are not there.
    package init(path: String, readers: Int = 4, services: DatabaseServices) throws {
        self.services = services
        try SQLiteOpening.prepareFile(path)
        let writerQueue = try SQLiteOpening.writer(path)
        let readerQueues = try (0..<max(1, readers)).map { _ in try SQLiteOpening.reader(path) }
        startWriter(writerQueue)
        for queue in readerQueues { startReader(queue) }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await hand(body, to: reads)
    }

    /// Answers are there before the commit, so the result is made in the body's own savepoint.
    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> () throws -> Value
    ) async throws -> Value {
        try await hand({ db in try body(db)() }, to: writes)
    }

    package func close() async {
        readers.stop()
        writer.stop()
        reads.close()
        writes.close()
        await writer.ended()
    }

    private func hand<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value, to queue: JobQueue<WriteJob>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = WriteJob { db in
                let value = try body(db)
                return { continuation.resume(returning: value) }
            } fail: {
                continuation.resume(throwing: $0)
            }
            if !queue.push(job) { job.fail(Problem.unavailable) }
        }
    }

    private func startWriter(_ queue: DatabaseQueue) {
        writer.start("sqlite-writer") { [writes, services, readers, writer] in
            SQLiteDatabase.use(queue) { handle in
                let transactions = SQLiteWriter(handle: handle, services: services)
                while true {
                    let jobs = writes.popAll(limit: SQLiteWriter.batchLimit)
                    if jobs.isEmpty { break }
                    if writer.isStopping {
                        for job in jobs { job.fail(Problem.unavailable) }
                    } else {
                        transactions.run(jobs)
                    }
                }
                // The last to close leaves one complete file, and a reader cannot do that. While another process has
                // the file open, its log stays.
                readers.wait()
                try? handle.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }

    private func startReader(_ queue: DatabaseQueue) {
        readers.start("sqlite-reader") { [reads, services, readers] in
            SQLiteDatabase.use(queue) { handle in
                while let job = reads.pop() {
                    if readers.isStopping {
                        job.fail(Problem.unavailable)
                    } else {
                        perform(job, handle, services)
                    }
                }
            }
        }
    }

    /// Holds a connection for as long as `work` runs, then closes it.
    private static func use(_ queue: DatabaseQueue, _ work: (SQLiteHandle) -> Void) {
        queue.unsafeRead { db in
            guard let pointer = db.sqliteConnection else { return }
            let handle = SQLiteHandle(pointer)
            work(handle)
            handle.finalizeStatements()
        }
        try? queue.close()  // Every statement is finalized; what else could fail leaves nothing to do.
    }
}

/// A read that asks for an audit entry fails here, because its connection cannot write one: none is lost silently.
private func perform(_ job: WriteJob, _ handle: SQLiteHandle, _ services: DatabaseServices) {
    let scope = TransactionScope(services: services, session: handle.session)
    do {
        let db = SQLiteConnection(handle: handle, scope: scope)
        let deliver = try job.run(db)
        try scope.finish(db)
        scope.committed()
        deliver()
    } catch {
        scope.rolledBack()
        job.fail(error)
    }
}
