import CareSyncCore
import Concurrency
import Glibc
package import Persistence

/// A SQLite file. One thread writes and some read, all of them the driver's own; other processes may use the same file.
///
/// Queues hold at most ``queueBound`` transactions each; one that finds no room fails with `UNAVAILABLE`.
package final class SQLiteDatabase: Database {
    package let dialect = Dialect.sqlite
    package let services: DatabaseServices
    private let writes = JobQueue<WriteJob>(bound: queueBound)
    private let path: String
    private let leastSpace: UInt64
    private let reads = JobQueue<WriteJob>(bound: queueBound)
    private let readers = ThreadGroup("sqlite-reader")
    private let writer = ThreadGroup("sqlite-writer")

    package static let queueBound = 4096

    /// Opens the file; makes it, and its folder, when they are not there.
    ///
    /// - Parameter leastSpace: how many bytes must be free where the file lies for the database to count as writable.
    package init(
        path: String, readers: Int = 4, leastSpace: UInt64 = 16 << 20, services: DatabaseServices
    ) throws {
        self.services = services
        self.path = path
        self.leastSpace = leastSpace
        try SQLiteOpening.prepareFile(path)
        let (writer, readers) = try SQLiteOpening.explained(path) {
            (try SQLiteOpening.writer(path), try (0..<max(1, readers)).map { _ in try SQLiteOpening.reader(path) })
        }
        try start(writer: writer)
        for (index, reader) in readers.enumerated() { try start(reader: reader, workerIndex: index + 1) }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await hand(body, to: reads)
    }

    /// Answers are there before the commit, so the result is made in the body's own savepoint.
    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        try await hand({ db in try body(db)() }, to: writes)
    }

    /// SQLite has no such statement among those we use, so it is a transaction like any other.
    package func runOutsideTransaction(_ sql: SQL) async throws {
        try await write { db in _ = try db.run(sql) }
    }

    /// SQLite would notice a full disk at the commit of something that changes, which this is not, so the space is asked
    /// for: on the writer's thread, because a disk that fails may be slow to tell.
    package func proveWritable() async throws {
        try await write { [path, leastSpace] _ in
            var disk = statvfs()
            guard statvfs(path, &disk) == 0 else { throw DatabaseFailure.storage(code: "errno \(errno)") }
            guard UInt64(disk.f_bavail) * UInt64(disk.f_frsize) >= leastSpace else {
                throw DatabaseFailure.storage(code: "disk nearly full")
            }
        }
    }

    package func close() async {
        readers.stop()
        writer.stop()
        reads.close()
        await readers.ended()
        writes.close()
        await writer.ended()
    }

    private func hand<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value, to queue: JobQueue<WriteJob>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = WriteJob { db in
                let value = try body(db)
                return { continuation.resume(returning: value) }
            } fail: {
                continuation.resume(throwing: $0)
            }
            queue.push(job)?.fail(Problem.unavailable)
        }
    }

    private func start(writer handle: SQLiteHandle) throws {
        let isStarted = writer.start { [writes, services, writer] in
            let transactions = SQLiteWriter(handle: handle, services: services)
            while case let jobs = writes.popAll(limit: SQLiteWriter.batchLimit), !jobs.isEmpty {
                if writer.isStopping {
                    for job in jobs { job.fail(Problem.unavailable) }
                } else {
                    transactions.run(jobs)
                }
            }
            // The last to close leaves one complete file, and a reader cannot do that: they have ended by now. While
            // another process has the file open, its log stays.
            try? handle.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            handle.close()
        }
        guard isStarted else { throw NoThread() }
    }

    private func start(reader handle: SQLiteHandle, workerIndex: Int) throws {
        let isStarted = readers.start(workerIndex) { [reads, services, readers] in
            while let job = reads.pop() {
                if readers.isStopping {
                    job.fail(Problem.unavailable)
                } else {
                    perform(job, handle, services)
                }
            }
            handle.close()
        }
        guard isStarted else { throw NoThread() }
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
