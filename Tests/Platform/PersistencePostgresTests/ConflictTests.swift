import CareSyncTesting
import Dispatch
import Persistence
import PersistencePostgres
import Synchronization
import Testing

@Suite("PostgreSQL conflicts", .enabled(if: hasPostgres))
struct ConflictTests {
    /// Holds the first transaction until the second has come; a repetition passes through.
    private final class Meeting: Sendable {
        private let arrived = Atomic<Int>(0)
        private let secondCame = DispatchSemaphore(value: 0)

        var count: Int { arrived.load(ordering: .relaxed) }

        func arrive() {
            switch arrived.add(1, ordering: .relaxed).newValue {
            case 1: _ = secondCame.wait(timeout: .now() + 10)
            case 2: secondCame.signal()
            default: break
            }
        }
    }

    @Test("of two transactions that lock each other out one is repeated, and both succeed")
    func deadlock() async throws {
        try await withPostgres { database in
            let meeting = Meeting()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (source, target) in [(1, 2), (2, 1)] {
                    group.addTask {
                        try await database.write { db in
                            try db.run("UPDATE accounts SET balance = balance - 10 WHERE id = \(source)")
                            meeting.arrive()
                            try db.run("UPDATE accounts SET balance = balance + 10 WHERE id = \(target)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let balances: [Int] = try await database.read { db in
                try db.values("SELECT balance FROM accounts WHERE id IN \(in: [1, 2] as [Int64]) ORDER BY id")
            }
            #expect(balances == [100, 100])
            #expect(meeting.count == 3)
        }
    }

    @Test("500 small writes at once all count")
    func manyWrites() async throws {
        try await withPostgres { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        try await database.write { db in
                            _ = try db.run("UPDATE accounts SET balance = balance + 1 WHERE id = 3")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 3")
            }
            #expect(balance == 600)
        }
    }

    @Test("a statement whose columns changed is prepared again")
    func changedColumns() async throws {
        try await withTestDatabase(.postgres, migrations: testMigrations) { test in
            let all: SQL = "SELECT * FROM accounts WHERE id = 1"
            for _ in 0..<16 { _ = try await test.database.read { db in try db.exists(all) } }
            try await test.database.write { db in _ = try db.run("ALTER TABLE accounts ADD COLUMN extra bigint") }
            for _ in 0..<16 {
                let isThere = try await test.database.read { db in
                    var isNull = false
                    try db.query(all) { isNull = try $0.value("extra") as Int? == nil }
                    return isNull
                }
                #expect(isThere)
            }
        }
    }

    @Test("a refused statement names the rule, also when it waited for the commit")
    func constraintNames() async throws {
        try await withPostgres { database in
            await #expect(throws: DatabaseFailure.constraint(.check, name: "accounts_not_negative")) {
                try await database.write { db in
                    try db.run("UPDATE accounts SET balance = 5 WHERE id = 2")
                    try db.append(AppendedRows(into: "accounts", "id, balance", values: "9, -1"))
                }
            }
            await #expect(throws: DatabaseFailure.constraint(.unique, name: "accounts_pkey")) {
                try await database.write { db in
                    _ = try db.run("INSERT INTO accounts (id, balance) VALUES (1, 1)")
                }
            }
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 2")
            }
            #expect(balance == 100)
        }
    }

    @Test("a transaction whose failure the body swallowed is not committed")
    func swallowedFailure() async throws {
        try await withPostgres { database in
            await #expect(throws: DatabaseFailure.constraint(.check, name: "accounts_not_negative")) {
                try await database.write { db in
                    try db.run("UPDATE accounts SET balance = 7 WHERE id = 2")
                    _ = try? db.run("UPDATE accounts SET balance = -1 WHERE id = 1")
                    _ = try? db.run("UPDATE accounts SET balance = 8 WHERE id = 2")
                }
            }
        }
    }

    @Test("a read cannot write")
    func readOnly() async throws {
        try await withPostgres { database in
            await #expect(throws: DatabaseFailure.other(code: "25006")) {
                try await database.read { db in try db.run("DELETE FROM accounts") }
            }
        }
    }
}
