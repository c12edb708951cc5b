import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL without limits", .enabled(if: hasPostgres))
struct OutsideTransactionTests {
    @Test("an index is built while others write, which no transaction could do")
    func concurrentIndex() async throws {
        try await withPostgres { database in
            let index: SQL = "CREATE INDEX CONCURRENTLY accounts_balance ON accounts (balance)"
            await #expect(throws: DatabaseFailure.other(code: "25001")) {
                try await database.write { db in _ = try db.run(index) }
            }
            try await database.runOutsideTransaction(index)
            let isThere = try await database.read { db in
                try db.exists("SELECT 1 FROM pg_indexes WHERE indexname = 'accounts_balance'")
            }
            #expect(isThere)
            // What was set for it holds for nothing else.
            await #expect(throws: DatabaseFailure.other(code: "25006")) {
                for _ in 0..<8 {
                    try await database.read { db in _ = try db.run("UPDATE accounts SET balance = 1 WHERE id = 1") }
                }
            }
        }
    }

    @Test("the limit of statements is lifted for one transaction, and no other limit")
    func liftedLimit() async throws {
        try await withPostgres { database in
            let limits: SQL = "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')"
            let lifted: String? = try await database.write { db in
                try db.liftTimeLimit()
                return try db.value(limits)
            }
            #expect(lifted == "0 5s")
            for _ in 0..<8 {
                let usual: String? = try await database.write { db in try db.value(limits) }
                #expect(usual == "8s 5s")
            }
        }
    }
}
