import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL savepoints", .enabled(if: hasPostgres))
struct SavepointTests {
    private struct Stop: Error {}

    /// Waits for company, and is refused then.
    private let refused = AppendedRows(into: "accounts", "id, balance", values: "9, -1")

    private func balances(_ database: any Database) async throws -> [Int] {
        try await database.read { db in try db.values("SELECT balance FROM accounts ORDER BY id") }
    }

    @Test("what failed inside is undone, what came before and after stays")
    func undoesFailure() async throws {
        try await withPostgres { database in
            try await database.write { db in
                try db.run("UPDATE accounts SET balance = 1 WHERE id = 1")
                #expect(throws: DatabaseFailure.constraint(.check, name: "accounts_not_negative")) {
                    try db.savepoint {
                        try db.run("UPDATE accounts SET balance = 2 WHERE id = 2")
                        try db.run("UPDATE accounts SET balance = -1 WHERE id = 2")
                    }
                }
                try db.run("UPDATE accounts SET balance = 3 WHERE id = 3")
            }
            #expect(try await balances(database) == [1, 100, 3])
        }
    }

    @Test("statements that still wait when the body throws are never run")
    func dropsWaiting() async throws {
        try await withPostgres { database in
            try await database.write { db in
                #expect(throws: Stop.self) {
                    try db.savepoint {
                        try db.append(refused)
                        throw Stop()
                    }
                }
                try db.run("UPDATE accounts SET balance = 3 WHERE id = 3")
            }
            #expect(try await balances(database) == [100, 100, 3])
        }
    }

    @Test("a failure that surfaces after an inner part undoes the whole outer part")
    func lateFailureOfInnerPart() async throws {
        try await withPostgres { database in
            try await database.write { db in
                _ = #expect(throws: DatabaseFailure.constraint(.check, name: "accounts_not_negative")) {
                    try db.savepoint {
                        try db.run("UPDATE accounts SET balance = 1 WHERE id = 1")
                        try db.savepoint { try db.append(refused) }
                        try db.run("UPDATE accounts SET balance = 3 WHERE id = 3")
                    }
                }
            }
            #expect(try await balances(database) == [100, 100, 100])
        }
    }

    @Test("a failure from before an inner part spoils the outer part, with its own reason")
    func earlierFailure() async throws {
        try await withPostgres { database in
            try await database.write { db in
                #expect(throws: DatabaseFailure.constraint(.check, name: "accounts_not_negative")) {
                    try db.savepoint {
                        try db.append(refused)
                        _ = try? db.savepoint { try db.run("UPDATE accounts SET balance = 2 WHERE id = 2") }
                        try db.run("UPDATE accounts SET balance = 3 WHERE id = 3")
                    }
                }
                try db.run("UPDATE accounts SET balance = 4 WHERE id = 3")
            }
            #expect(try await balances(database) == [100, 100, 4])
        }
    }
}
