import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Migrations")
struct MigrationTests {
    private static func entry(_ name: String, _ statements: [SQL]? = nil) -> Migration {
        Migration("tests/\(name)") { d in statements ?? [table(name, d)] }
    }

    private static func table(_ name: String, _ d: Dialect) -> SQL {
        let names: [String: SQL] = ["first": "first_things", "second": "second_things", "third": "third_things"]
        return "CREATE TABLE \(names[name] ?? "other") (id \(d.integer) PRIMARY KEY, size \(d.integer))\(d.strict)"
    }

    private static func applied(_ database: any Database) async throws -> [String] {
        try await database.read { db in
            try db.values("SELECT name FROM schema_migrations WHERE applied_at IS NOT NULL ORDER BY position")
        }
    }

    @Test("what is pending is exactly what a run applies", arguments: DatabaseKind.available)
    func pending(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: []) { database in
            let first = try Migrator(database: database, ledger: [Self.entry("second"), Self.entry("first")])
            #expect(try await first.pending().map(\.name) == ["tests/second", "tests/first"])
            #expect(try await first.pending().map(\.name) == ["tests/second", "tests/first"])
            #expect(try await first.run().map(\.name) == ["tests/second", "tests/first"])
            let second = try Migrator(
                database: database, ledger: [Self.entry("second"), Self.entry("first"), Self.entry("third")])
            #expect(try await second.pending().map(\.name) == ["tests/third"])
            #expect(try await second.run().map(\.name) == ["tests/third"])
            #expect(try await second.run().isEmpty)
            #expect(try await Self.applied(database) == ["tests/second", "tests/first", "tests/third"])
        }
    }

    @Test("a database that knows more than the program is refused", arguments: DatabaseKind.available)
    func newerDatabase(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: [Self.entry("first"), Self.entry("second")]) { database in
            let migrator = try Migrator(database: database, ledger: [Self.entry("first")])
            await #expect(
                throws: Migrator.Failure.notAPrefix(
                    applied: ["tests/first", "tests/second"], known: ["tests/first"])
            ) { try await migrator.run() }
        }
    }

    @Test("an entry that has changed since it was applied is refused", arguments: DatabaseKind.available)
    func changed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: [Self.entry("first")]) { database in
            let edited = Self.entry("first", ["CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)"])
            let migrator = try Migrator(database: database, ledger: [edited, Self.entry("second")])
            await #expect(throws: Migrator.Failure.changed("tests/first")) { try await migrator.run() }
            #expect(try await Self.applied(database) == ["tests/first"])
        }
    }

    @Test("a name given twice is refused")
    func namedTwice() async throws {
        try await withDatabase(.sqlite, migrations: []) { database in
            #expect(throws: Migrator.Failure.namedTwice("tests/first")) {
                try Migrator(
                    database: database, ledger: [Self.entry("first"), Self.entry("second"), Self.entry("first")])
            }
        }
    }

    @Test("two programs that start together apply every entry once", arguments: DatabaseKind.available)
    func together(_ kind: DatabaseKind) async throws {
        let ledger = [Self.entry("first"), Self.entry("second"), Self.entry("third")]
        try await withTestDatabase(kind, migrations: []) { test in
            try await test.withAnother { other in
                let databases = [test.database, other, test.database, other]
                let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                    for database in databases {
                        group.addTask { try await Migrator(database: database, ledger: ledger).run().map(\.name) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(applied.sorted() == ["tests/first", "tests/second", "tests/third"])
                #expect(try await Self.applied(test.database) == ["tests/first", "tests/second", "tests/third"])
            }
        }
    }

    @Test("an entry that fails leaves nothing of itself, and what came before stays", arguments: DatabaseKind.available)
    func failingEntry(_ kind: DatabaseKind) async throws {
        let table: SQL = "CREATE TABLE second_things (id INTEGER PRIMARY KEY)"
        try await withDatabase(kind, migrations: []) { database in
            let failing = Self.entry("second", [table, "INSERT INTO no_such_table (id) VALUES (1)"])
            let migrator = try Migrator(database: database, ledger: [Self.entry("first"), failing])
            await #expect(throws: DatabaseFailure.self) { try await migrator.run() }
            #expect(try await Self.applied(database) == ["tests/first"])
            // The table of the failed entry would be in the way.
            let mended = try Migrator(
                database: database, ledger: [Self.entry("first"), Self.entry("second", [table])])
            #expect(try await mended.run().map(\.name) == ["tests/second"])
        }
    }

    @Test(
        "a large table is filled in parts, and a program that stopped goes on where it was",
        arguments: DatabaseKind.available)
    func backfill(_ kind: DatabaseKind) async throws {
        let fill: SQL = """
            UPDATE first_things SET size = id
            WHERE id IN (SELECT id FROM first_things WHERE size IS NULL ORDER BY id LIMIT 2)
            """
        func ledger(_ statement: SQL) -> [Migration] {
            [
                Self.entry("first"),
                Migration(
                    "tests/filled",
                    steps: [.backfill { _ in statement }, .index(.init("first_sizes", on: "first_things (size)"))]),
            ]
        }
        try await withDatabase(kind, migrations: [Self.entry("first")]) { database in
            try await database.write { db in
                try db.run(Self.unfitTable(db.dialect))
                for statement in Self.unfitRule(db.dialect) { try db.run(statement) }
                for id in 1...7 { try db.run("INSERT INTO first_things (id) VALUES (\(id))") }
            }
            // The sixth row cannot be filled yet: two parts are in by then.
            try await database.write { db in _ = try db.run("INSERT INTO unfit (id) VALUES (6)") }
            await #expect(throws: DatabaseFailure.self) {
                try await Migrator(database: database, ledger: ledger(fill)).run()
            }
            let filled: [Int] = try await database.read { db in
                try db.values("SELECT size FROM first_things WHERE size IS NOT NULL ORDER BY id")
            }
            #expect(filled == [1, 2, 3, 4])
            try await database.write { db in _ = try db.run("DELETE FROM unfit") }
            #expect(try await Migrator(database: database, ledger: ledger(fill)).run().map(\.name) == ["tests/filled"])
            let sizes: [Int] = try await database.read { db in
                try db.values("SELECT size FROM first_things ORDER BY id")
            }
            #expect(sizes == Array(1...7))
            #expect(try await Migrator(database: database, ledger: ledger(fill)).pending().isEmpty)
        }
    }

    private static func unfitTable(_ d: Dialect) -> SQL {
        "CREATE TABLE unfit (id \(d.integer) PRIMARY KEY)\(d.strict)"
    }

    /// Refuses to change the rows that `unfit` names.
    private static func unfitRule(_ d: Dialect) -> [SQL] {
        guard d == .postgres else {
            return [
                """
                CREATE TRIGGER refuse_unfit BEFORE UPDATE ON first_things WHEN NEW.id IN (SELECT id FROM unfit)
                BEGIN SELECT RAISE(ABORT, 'unfit'); END
                """
            ]
        }
        return [
            """
            CREATE FUNCTION refuse_unfit() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.id IN (SELECT id FROM unfit) THEN RAISE EXCEPTION 'unfit'; END IF;
                RETURN NEW;
            END $$
            """,
            "CREATE TRIGGER refuse_unfit BEFORE UPDATE ON first_things FOR EACH ROW EXECUTE FUNCTION refuse_unfit()",
        ]
    }

    @Test("an index that could not be built is built by the next program", arguments: DatabaseKind.available)
    func failedIndex(_ kind: DatabaseKind) async throws {
        let index = Migration(
            "tests/sizes", steps: [.index(.init("first_sizes_once", unique: true, on: "first_things (size)"))])
        try await withDatabase(kind, migrations: [Self.entry("first")]) { database in
            try await database.write { db in
                for id in 1...2 { try db.run("INSERT INTO first_things (id, size) VALUES (\(id), 7)") }
            }
            let migrator = try Migrator(database: database, ledger: [Self.entry("first"), index])
            await #expect(throws: DatabaseFailure.self) { try await migrator.run() }
            #expect(try await Self.applied(database) == ["tests/first"])
            try await database.write { db in _ = try db.run("UPDATE first_things SET size = 8 WHERE id = 2") }
            #expect(try await migrator.run().map(\.name) == ["tests/sizes"])
            await #expect(throws: DatabaseFailure.self) {
                try await database.write { db in _ = try db.run("INSERT INTO first_things (id, size) VALUES (3, 8)") }
            }
        }
    }

    @Test("an entry may take longer than a statement may otherwise")
    func statementTimeout() async throws {
        guard DatabaseKind.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { database in
            let noted = Migration("tests/noted") { _ in
                ["CREATE TABLE noted AS SELECT current_setting('statement_timeout') AS bound"]
            }
            try await Migrator(database: database, ledger: [noted]).run()
            let bounds: [String] = try await database.read { db in
                try db.values("SELECT bound FROM noted UNION ALL SELECT current_setting('statement_timeout')")
            }
            #expect(bounds.first == "0")
            #expect(bounds.last != "0")
        }
    }
}
