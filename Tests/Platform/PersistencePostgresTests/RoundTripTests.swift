import CareSyncTesting
import Outbox
import Persistence
import PersistencePostgres
import Testing

/// Whether this run has a PostgreSQL server.
let hasPostgres = DatabaseKind.available.contains(.postgres)

/// Tables for the tests of this target.
let testMigrations: [Migration] =
    (TestSchema.platform + [
        Migration("tests/test-tables") { d in
            [
                """
                CREATE TABLE accounts (
                    id \(d.integer) PRIMARY KEY,
                    balance \(d.integer) NOT NULL CONSTRAINT accounts_not_negative CHECK (balance >= 0),
                    note \(d.bytes)
                )
                """,
                "INSERT INTO accounts (id, balance) VALUES (1, 100), (2, 100), (3, 100)",
                Migration.createAllocator("account_ids", start: "100", dialect: d),
            ]
        }
    ])

/// Gives `body` a PostgreSQL database with ``testMigrations``.
@discardableResult
func withPostgres<Value: Sendable>(
    services: DatabaseServices = .testing(), _ body: (PostgresDatabase) async throws -> Value
) async throws -> Value {
    try await withDatabase(.postgres, migrations: testMigrations, services: services) { database in
        try await body(try #require(database as? PostgresDatabase))
    }
}

@Suite("PostgreSQL round trips", .enabled(if: hasPostgres))
struct RoundTripTests {
    private func roundTrips(
        _ database: PostgresDatabase, _ work: (PostgresDatabase) async throws -> Void
    ) async throws -> Int {
        let before = database.counters.roundTrips
        try await work(database)
        return database.counters.roundTrips - before
    }

    @Test("a write that only leaves rows behind is one round trip")
    func oneForRows() async throws {
        try await withPostgres { database in
            let count = try await roundTrips(database) {
                try await $0.write { db in
                    for id in 10..<12 {
                        try db.append(AppendedRows(into: "accounts", "id, balance", values: "\(id), 0"))
                    }
                }
            }
            #expect(count == 1)
        }
    }

    @Test("each answer a body waits for is a round trip, and the commit takes the rest along")
    func oneForEachAnswer() async throws {
        try await withPostgres { database in
            let count = try await roundTrips(database) {
                try await $0.write { db in
                    let balance: Int? = try db.value("SELECT balance FROM accounts WHERE id = 1 FOR UPDATE")
                    #expect(balance == 100)
                    _ = try db.run(
                        [
                            "UPDATE accounts SET balance = 90 WHERE id = 1",
                            "UPDATE accounts SET balance = 110 WHERE id = 2",
                        ]) { _, _ in }
                    try db.enqueue(TestJob())
                }
            }
            #expect(count == 3)
        }
    }

    @Test("a write whose answers are read after the commit is one round trip")
    func oneForAnswersAfterwards() async throws {
        try await withPostgres { database in
            let count = try await roundTrips(database) {
                let balance = try await $0.send { db in
                    let batch = Batch()
                    let balance = batch.value(Int.self, "SELECT balance FROM accounts WHERE id = 1 FOR UPDATE")
                    try db.later(batch)
                    try db.requireChange("UPDATE accounts SET balance = balance + 5 WHERE id = 1")
                    try db.enqueue(TestJob())
                    return { try balance.value }
                }
                #expect(balance == 100)
            }
            #expect(count == 1)
        }
    }

    @Test("a write that does nothing needs no round trip")
    func noneForNothing() async throws {
        try await withPostgres { database in
            let count = try await roundTrips(database) { try await $0.write { _ in } }
            #expect(count == 0)
        }
    }

    @Test("one nextval serves 32 ids, none twice")
    func blocksOfIDs() async throws {
        try await withPostgres { database in
            let ids = try await database.write { db in
                try (0..<64).map { _ in try db.nextID(IDAllocator("account_ids")) }
            }
            #expect(Set(ids).count == 64)
            #expect(ids.first == 100)
            let count = try await roundTrips(database) {
                try await $0.write { db in
                    for _ in 0..<32 { _ = try db.nextID(IDAllocator("account_ids")) }
                }
            }
            #expect(count == 2)
        }
    }

    @Test("a statement is prepared once on a connection")
    func preparesOnce() async throws {
        try await withPostgres { database in
            let names: [[String]] = try await database.read { db in
                for id in 1...3 { let _: Int? = try db.value("SELECT balance FROM accounts WHERE id = \(id)") }
                return [
                    try db.values(
                        "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%balance FROM accounts%'")
                ]
            }
            #expect(names[0].filter { $0.hasPrefix("SELECT balance") }.count == 1)
        }
    }

    @Test("a connection keeps no more than 256 statements")
    func boundsStatements() async throws {
        try await withPostgres { database in
            let held: Int? = try await database.read { db in
                for number in 0..<600 {
                    let _: Int? = try db.value(SQL(stringLiteral: "SELECT balance + \(number) FROM accounts"))
                }
                return try db.value("SELECT count(*) FROM pg_prepared_statements")
            }
            #expect(try #require(held) <= 257)
        }
    }
}
