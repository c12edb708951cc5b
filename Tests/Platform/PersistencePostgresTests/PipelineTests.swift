import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL large pipelines", .enabled(if: hasPostgres))
struct PipelineTests {
    @Test("5,000 statements whose answers fill every buffer are one round trip")
    func manyStatements() async throws {
        try await withPostgres { database in
            let before = database.counters.roundTrips
            let total = try await database.read { db in
                var total = 0
                let statements: [SQL] = (0..<5_000).map { "SELECT repeat('x', 2000) || \("\($0)") AS long" }
                let counts = try db.run(statements) { index, row in
                    let text: String = try row.value("long")
                    total += text.utf8.count == 2000 + "\(index)".utf8.count ? 1 : 0
                }
                #expect(counts.count == 5_000)
                return total
            }
            #expect(total == 5_000)
            #expect(database.counters.roundTrips - before == 1)
        }
    }

    @Test("8 MB of parameters arrive whole")
    func largeParameters() async throws {
        try await withPostgres { database in
            let note = (0..<8_388_608).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let stored: [UInt8]? = try await database.write { db in
                try db.value("UPDATE accounts SET note = \(note) WHERE id = 1 RETURNING note")
            }
            #expect(stored == note)
        }
    }

    @Test("thousands of waiting statements leave in bounded portions")
    func manyWaiting() async throws {
        try await withPostgres { database in
            let before = database.counters.roundTrips
            try await database.write { db in
                for id in 0..<5_000 {
                    try db.append(AppendedRows(into: "accounts", "id, balance", values: "\(id + 1_000), \(id)"))
                }
            }
            #expect((2...12).contains(database.counters.roundTrips - before))
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM accounts") }
            #expect(count == 5_003)
        }
    }

    @Test("a failure in the middle of a batch is reported, and the connection stays good")
    func failureInBatch() async throws {
        try await withPostgres { database in
            for _ in 0..<8 {
                await #expect(throws: DatabaseFailure.other(code: "22012")) {
                    try await database.read { db in
                        _ = try db.run(["SELECT 1", "SELECT balance / 0 FROM accounts", "SELECT 2 AS unseen"]) { _, _ in
                        }
                    }
                }
                await #expect(throws: DatabaseFailure.other(code: "42P01")) {
                    try await database.read { db in try db.exists("SELECT 1 FROM no_such_table") }
                }
            }
            #expect(database.counters.connections <= 4)
        }
    }

    @Test("a query inside the rows of another works")
    func nestedQuery() async throws {
        try await withPostgres { database in
            let pairs = try await database.read { db in
                var pairs: [Int] = []
                try db.query("SELECT id FROM accounts ORDER BY id") { row in
                    let id: Int = try row.value("id")
                    let balance: Int? = try db.value("SELECT balance FROM accounts WHERE id = \(id)")
                    pairs.append(try row.value("id") + (balance ?? 0))
                }
                return pairs
            }
            #expect(pairs == [101, 102, 103])
        }
    }
}
