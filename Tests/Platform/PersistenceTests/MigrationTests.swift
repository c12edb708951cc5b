import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Migrations")
struct MigrationTests {
    private static func step(_ number: Int, _ statements: [SQL]? = nil) -> Migration {
        Migration(number, "step \(number)") { d in
            statements ?? [table("step_\(number)", d)]
        }
    }

    private static func table(_ name: String, _ d: Dialect) -> SQL {
        let names: [String: SQL] = ["step_1": "step_1", "step_2": "step_2", "step_3": "step_3"]
        return "CREATE TABLE \(names[name] ?? "other") (id \(d.integer) PRIMARY KEY)\(d.strict)"
    }

    private static func applied(_ database: any Database) async throws -> [Int] {
        try await database.read { db in try db.values("SELECT number FROM schema_migrations ORDER BY number") }
    }

    @Test("what is pending is exactly what a run applies", arguments: DatabaseKind.available)
    func pending(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: []) { database in
            let first = try Migrator(database: database, migrations: [Self.step(2), Self.step(1)])
            #expect(try await first.pending().map(\.number) == [1, 2])
            #expect(try await first.pending().map(\.number) == [1, 2])
            #expect(try await first.run().map(\.number) == [1, 2])
            let second = try Migrator(database: database, migrations: [Self.step(1), Self.step(2), Self.step(3)])
            #expect(try await second.pending().map(\.number) == [3])
            #expect(try await second.run().map(\.number) == [3])
            #expect(try await second.run().isEmpty)
            #expect(try await Self.applied(database) == [1, 2, 3])
        }
    }

    @Test("a database that knows more than the program is refused", arguments: DatabaseKind.available)
    func newerDatabase(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: [Self.step(1), Self.step(2)]) { database in
            let migrator = try Migrator(database: database, migrations: [Self.step(1)])
            await #expect(throws: Migrator.Failure.notAPrefix(applied: [1, 2], known: [1])) {
                try await migrator.run()
            }
        }
    }

    @Test("a step that has changed since it was applied is refused", arguments: DatabaseKind.available)
    func changed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: [Self.step(1)]) { database in
            let edited = Self.step(1, ["CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)"])
            let migrator = try Migrator(database: database, migrations: [edited, Self.step(2)])
            await #expect(throws: Migrator.Failure.changed(number: 1, name: "step 1")) { try await migrator.run() }
            #expect(try await Self.applied(database) == [1])
        }
    }

    @Test("numbers that are no sequence from 1 are refused", arguments: [[2], [1, 3], [1, 1], [0, 1]])
    func badSequence(_ numbers: [Int]) async throws {
        try await withDatabase(.sqlite, migrations: []) { database in
            #expect(throws: Migrator.Failure.self) {
                try Migrator(database: database, migrations: numbers.map { Self.step($0) })
            }
        }
    }

    @Test("two programs that start together apply every step once", arguments: DatabaseKind.available)
    func together(_ kind: DatabaseKind) async throws {
        let steps = [Self.step(1), Self.step(2), Self.step(3)]
        try await withTestDatabase(kind, migrations: []) { test in
            try await test.withAnother { other in
                let databases = [test.database, other, test.database, other]
                let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for database in databases {
                        group.addTask {
                            try await Migrator(database: database, migrations: steps).run().map(\.number)
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(applied.sorted() == [1, 2, 3])
                #expect(try await Self.applied(test.database) == [1, 2, 3])
            }
        }
    }

    @Test("a step that fails leaves nothing of itself, and what came before stays", arguments: DatabaseKind.available)
    func failingStep(_ kind: DatabaseKind) async throws {
        let table: SQL = "CREATE TABLE step_2 (id INTEGER PRIMARY KEY)"
        try await withDatabase(kind, migrations: []) { database in
            let failing = Self.step(2, [table, "INSERT INTO no_such_table (id) VALUES (1)"])
            let migrator = try Migrator(database: database, migrations: [Self.step(1), failing])
            await #expect(throws: DatabaseFailure.self) { try await migrator.run() }
            #expect(try await Self.applied(database) == [1])
            // The table of the failed step would be in the way.
            let mended = try Migrator(database: database, migrations: [Self.step(1), Self.step(2, [table])])
            #expect(try await mended.run().map(\.number) == [2])
        }
    }
}
