import CareSyncCore

/// Brings a database to the schema this program knows.
package struct Migrator: Sendable {
    private let database: any Database
    private let migrations: [Migration]

    /// What stops a migration, and so the start.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case badSequence(String)
        /// The database has steps this program does not know, or lacks an earlier one.
        case notAPrefix(applied: [Int], known: [Int])
        case changed(number: Int, name: String)

        package var description: String {
            switch self {
            case .badSequence(let text): text
            case .notAPrefix(let applied, let known):
                "The database has the migrations \(applied), this program knows \(known): "
                    + "it is newer than this program, or was made by another one."
            case .changed(let number, let name):
                "Migration \(number) (\(name)) has changed since it was applied to this database."
            }
        }
    }

    /// Throws unless the numbers are 1, 2, 3, …
    package init(database: any Database, migrations: [Migration]) throws {
        let sorted = migrations.sorted { $0.number < $1.number }
        guard sorted.map(\.number) == Array(1..<(sorted.count + 1)) else {
            throw Failure.badSequence("Migrations are not numbered 1 to \(sorted.count): \(sorted.map(\.number)).")
        }
        self.database = database
        self.migrations = sorted
    }

    /// The steps that are still to be applied.
    package func pending() async throws -> [Migration] {
        let dialect = database.dialect
        let applied = try await database.read { db in try Self.applied(db, dialect) }
        try check(applied)
        return Array(migrations.dropFirst(applied.count))
    }

    /// Applies what is missing, each step in a transaction of its own. Programs that start together take turns.
    @discardableResult
    package func run() async throws -> [Migration] {
        let dialect = database.dialect
        var done: [Migration] = []
        for migration in try await pending() {
            let applied = try await database.write { db in
                try Self.takeTurn(db)
                try Self.createTable(db)
                let known: Int? = try db.value(
                    "SELECT number FROM schema_migrations WHERE number = \(migration.number)")
                guard known == nil else { return false }
                for statement in migration.statements(dialect) { try db.run(statement) }
                try db.run(
                    """
                    INSERT INTO schema_migrations (number, name, checksum, applied_at)
                    VALUES (\(migration.number), \(migration.name), \(migration.checksum(dialect)),
                            \(db.scope.services.time.now))
                    """)
                return true
            }
            if applied { done.append(migration) }
        }
        return done
    }

    private struct Applied: RowDecodable {
        let number: Int
        let checksum: String

        init(row: Row) throws {
            number = try row.value("number")
            checksum = try row.value("checksum")
        }
    }

    private static func applied(_ db: any Connection, _ dialect: Dialect) throws -> [Applied] {
        let isThere: SQL =
            dialect == .postgres
            ? "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migrations'"
            : "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
        guard try db.exists(isThere) else { return [] }
        return try db.all("SELECT number, checksum FROM schema_migrations ORDER BY number")
    }

    private func check(_ applied: [Applied]) throws {
        guard applied.map(\.number) == migrations.prefix(applied.count).map(\.number) else {
            throw Failure.notAPrefix(applied: applied.map(\.number), known: migrations.map(\.number))
        }
        for (step, migration) in zip(applied, migrations)
        where step.checksum != migration.checksum(database.dialect) {
            throw Failure.changed(number: migration.number, name: migration.name)
        }
    }

    private static func takeTurn(_ db: any Connection) throws {
        guard db.dialect == .postgres else { return }
        try db.query("SELECT pg_advisory_xact_lock(7241905)") { _ in }
    }

    private static func createTable(_ db: any Connection) throws {
        let d = db.dialect
        try db.run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number \(d.integer) PRIMARY KEY,
                name \(d.text) NOT NULL,
                checksum \(d.text) NOT NULL,
                applied_at \(d.instant) NOT NULL
            )\(d.strict)
            """)
    }
}
