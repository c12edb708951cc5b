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
    private let threads: ThreadGroup

    package static let queueBound = 4096

    /// Opens the file; makes it, and its folder, when they are not there.
    package init(path: String, readers: Int = 4, services: DatabaseServices) throws {
        self.services = services
        try SQLiteOpening.prepareFile(path)
        let writer = try SQLiteOpening.writer(path)
        let readerQueues = try (0..<max(1, readers)).map { _ in try SQLiteOpening.reader(path) }
        threads = ThreadGroup(count: readerQueues.count + 1)
        startWriter(writer)
        for (index, queue) in readerQueues.enumerated() { startReader(queue, lane: index + 1) }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await hand(body, to: reads)
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await hand(body, to: writes)
    }

    package func close() async {
        threads.stop()
        reads.close()
        writes.close()
        await threads.ended()
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
        threads.start("sqlite-writer") { [writes, services, threads] in
            SQLiteDatabase.use(queue) { handle in
                let writer = SQLiteWriter(handle: handle, services: services)
                while true {
                    let jobs = writes.popAll(limit: SQLiteWriter.batchLimit)
                    if jobs.isEmpty { break }
                    if threads.isStopping { jobs.forEach { $0.fail(Problem.unavailable) } } else { writer.run(jobs) }
                }
                // The file alone is then complete; when a reader of another process is in the way, its log stays.
                try? handle.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }

    private func startReader(_ queue: DatabaseQueue, lane: Int) {
        threads.start("sqlite-reader") { [reads, services, threads] in
            SQLiteDatabase.use(queue) { handle in
                while let job = reads.pop() {
                    if threads.isStopping { job.fail(Problem.unavailable) } else { perform(job, handle, services, lane) }
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
private func perform(_ job: WriteJob, _ handle: SQLiteHandle, _ services: DatabaseServices, _ lane: Int) {
    let scope = TransactionScope(services: services, lane: lane)
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
