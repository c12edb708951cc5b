import CareSyncTesting
import Concurrency
import Logging
import Persistence
import Synchronization
import Testing

@testable import PersistencePostgres

@Suite("PostgreSQL work behind a lost connection", .enabled(if: hasPostgres))
struct GroupLossTests {
    @Test("a transaction that was to leave behind one that lost the connection is repeated, because it was never sent")
    func neverSent() async throws {
        try await withTestDatabase(.postgres, migrations: testMigrations) { test in
            let shared = PostgresShared(
                target: try PostgresTarget(url: test.address), queue: JobQueue(bound: 8), fetches: JobQueue(bound: 8),
                patience: .seconds(100), deadline: .seconds(100), margin: .seconds(5), recheck: .seconds(1),
                services: .testing(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let worker = PostgresWorker(
                shared, workerIndex: 0, connection: shared.target.connect().connection, duty: .transactions)
            let runs = Mutex(0)
            let follower = Mutex<Task<Void, any Error>?>(nil)
            // Both wait before the worker starts, so it takes them together.
            try await withCheckedThrowingContinuation { (leader: CheckedContinuation<Void, any Error>) in
                Self.push(to: shared, leader) { db in
                    let isFirst = runs.withLock { runs in
                        runs += 1
                        return runs == 1
                    }
                    if isFirst { try db.query("SELECT pg_terminate_backend(pg_backend_pid())") { _ in } }
                    try db.requireChange("UPDATE accounts SET balance = balance + 1 WHERE id = 1")
                }
                let task = Task {
                    try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Void, any Error>) in
                        Self.push(to: shared, caller) { db in
                            try db.requireChange("UPDATE accounts SET balance = balance + 10 WHERE id = 1")
                        }
                        _ = worker.start()
                    }
                }
                follower.withLock { $0 = task }
            }
            let second = try #require(follower.withLock { $0 })
            try await second.value
            #expect(runs.withLock { $0 } == 2)
            shared.close()
            await shared.threads.ended()
            let balance: Int? = try await test.database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 1")
            }
            #expect(balance == 111)
        }
    }

    private static func push(
        to shared: PostgresShared, _ caller: CheckedContinuation<Void, any Error>,
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> Void
    ) {
        let write = PostgresWrite(
            { db in
                try body(db)
                return {}
            }, since: .now, caller)
        _ = shared.queue.push(.write(write))
    }
}
