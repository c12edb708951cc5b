import CareSyncTesting
import Persistence
import PersistenceSQLite
import Testing

@Suite("SQLite durability")
struct SQLiteFlushTests {
    /// kill -9 cannot show whether a commit reached the disk; counting the flushes does.
    @Test(
        "every commit is flushed to the disk before its caller hears of it",
        .enabled(if: CallTracer.isAvailable, "strace is not installed"))
    func flushes() async throws {
        try await withSQLiteFile { database, path in
            let writer = try await database.write { _ in try CallTracer.currentThread() }
            let tracer = try CallTracer(thread: writer, calls: ["fdatasync", "fsync"])
            guard await tracer.isAttached() else {
                withKnownIssue("strace may not trace here, so flushes were not counted", isIntermittent: true) {
                    Issue.record("\(tracer.messages)")
                }
                return
            }
            for number in 1...25 {
                try await database.write { db in try db.insertSample(Int64(number)) }
            }
            // Ends the traced thread, and with it strace.
            await database.close()
            let flushes = await tracer.lines().filter { $0.contains("sync(") && $0.contains(path + "-wal") }
            #expect(flushes.count >= 25)
        }
    }
}
