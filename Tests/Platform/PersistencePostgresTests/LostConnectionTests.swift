import CareSyncCore
import CareSyncTesting
import Foundation
import Logging
import Persistence
import PersistencePostgres
import Synchronization
import Testing

@Suite("PostgreSQL lost connections", .enabled(if: hasPostgres))
struct LostConnectionTests {
    /// Ends every other session of the database.
    private func endSessions(_ database: any Database) async throws -> Int {
        try await database.read { db in
            let ended: [Bool] = try db.values(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            return ended.count
        }
    }

    @Test("connections stay in use from job to job")
    func keepsConnections() async throws {
        try await withPostgres { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await database.write { db in
                            _ = try db.run("UPDATE accounts SET balance = balance + 1 WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(database.counters.connections <= 4)
        }
    }

    @Test("after connections died between jobs the next jobs work")
    func betweenJobs() async throws {
        try await withTestDatabase(.postgres, migrations: testMigrations) { test in
            try await test.database.write { db in _ = try db.run("UPDATE accounts SET balance = 1 WHERE id = 1") }
            try await test.withAnother { _ = try await endSessions($0) }
            for _ in 0..<8 {
                try await test.database.write { db in
                    _ = try db.run("UPDATE accounts SET balance = balance + 1 WHERE id = 1")
                }
            }
            let balance: Int? = try await test.database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 1")
            }
            #expect(balance == 9)
        }
    }

    @Test("a connection that dies inside a transaction loses it, and the outcome is known")
    func insideTransaction() async throws {
        try await withPostgres { database in
            let runs = Mutex(0)
            await #expect(throws: DatabaseFailure.connectionLost(outcomeUnknown: false)) {
                try await database.write { db in
                    runs.withLock { $0 += 1 }
                    try db.run("UPDATE accounts SET balance = 1 WHERE id = 1")
                    try db.query("SELECT pg_terminate_backend(pg_backend_pid())") { _ in }
                    try db.run("UPDATE accounts SET balance = 2 WHERE id = 1")
                }
            }
            #expect(runs.withLock { $0 } == 1)
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 1")
            }
            #expect(balance == 100)
        }
    }

    @Test("a connection that broke is made anew before somebody needs it", .timeLimit(.minutes(1)))
    func restored() async throws {
        try await withPostgres { database in
            while database.counters.connections < 4 { await Task.yield() }
            await #expect(throws: (any Error).self) {
                try await database.write { db in
                    try db.run("UPDATE accounts SET balance = 2 WHERE id = 1")
                    try db.query("SELECT pg_terminate_backend(pg_backend_pid())") { _ in }
                    try db.run("UPDATE accounts SET balance = 3 WHERE id = 1")
                }
            }
            while database.counters.connections < 5 { await Task.yield() }
        }
    }

    @Test("a transaction is not begun again when the time of its caller is over")
    func deadline() async throws {
        try await withPostgres { first in
            let name: String = try #require(try await first.read { try $0.value("SELECT current_database()::text") })
            let database = try PostgresDatabase(
                url: try OutageTests.url(name), connections: 1, patience: .seconds(2), deadline: .seconds(2),
                services: .testing(), logger: Logger(label: "test"))
            let since = ContinuousClock.now
            let runs = Mutex(0)
            let refusal = await #expect(throws: Problem.self) {
                try await database.write { _ in
                    runs.withLock { $0 += 1 }
                    // The time that passes is what is tried, and the driver's clock is the machine's.
                    while ContinuousClock.now < since + .seconds(3) { usleep(10_000) }
                    throw DatabaseFailure.conflict(code: "40001")
                }
            }
            #expect(refusal?.kind == .unavailable)
            #expect(runs.withLock { $0 } <= 1)
            await database.close()
        }
    }

    @Test("a transaction whose first statement finds the connection dead runs again")
    func firstStatement() async throws {
        try await withPostgres { database in
            let runs = Mutex(0)
            let balance = try await database.write { db in
                let isFirst = runs.withLock { runs in
                    runs += 1
                    return runs == 1
                }
                if isFirst { try db.query("SELECT pg_terminate_backend(pg_backend_pid())") { _ in } }
                return try db.value("UPDATE accounts SET balance = balance + 1 WHERE id = 1 RETURNING balance") as Int?
            }
            #expect(balance == 101)
            #expect(runs.withLock { $0 } == 2)
        }
    }

    @Test("a connection that dies with the commit leaves the outcome unknown, and nothing is repeated")
    func duringCommit() async throws {
        try await withPostgres { database in
            let runs = Mutex(0)
            await #expect(throws: DatabaseFailure.connectionLost(outcomeUnknown: true)) {
                try await database.write { db in
                    runs.withLock { $0 += 1 }
                    try db.append(
                        AppendedRows(
                            into: "accounts", "id, balance",
                            values: "9, CASE WHEN pg_terminate_backend(pg_backend_pid()) THEN 1 ELSE 2 END"))
                }
            }
            #expect(runs.withLock { $0 } == 1)
        }
    }

    @Test("an address where nobody listens stops the start")
    func unreachable() {
        #expect(throws: PostgresStartFailure.self) {
            try PostgresDatabase(
                url: "postgres://nobody@127.0.0.1:1/none", services: .testing(), logger: Logger(label: "test"))
        }
        #expect(throws: PostgresStartFailure.self) {
            try PostgresDatabase(url: "mysql://x", services: .testing(), logger: Logger(label: "test"))
        }
    }

    @Test("a closed database refuses work")
    func closed() async throws {
        try await withPostgres { database in
            await database.close()
            await #expect(throws: Problem.self) {
                try await database.read { db in try db.exists("SELECT 1") }
            }
        }
    }
}
