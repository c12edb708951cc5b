package import Persistence

/// A database that tests can run on.
package enum DatabaseKind: String, Sendable, CaseIterable, CustomStringConvertible {
    case sqlite
    case postgres

    /// The kinds this run has: SQLite always, PostgreSQL when `CARESYNC_TEST_POSTGRES_URL` names a server.
    package static let available: [DatabaseKind] =
        PostgresTestDatabases.url == nil ? [.sqlite] : [.sqlite, .postgres]

    package var description: String { rawValue }

    /// A fresh database with these migrations applied.
    func site(_ migrations: [Migration]) async throws -> any TestDatabaseSite {
        switch self {
        case .sqlite: try await SQLiteTestDatabases.site(migrations)
        case .postgres: try await PostgresTestDatabases.site(migrations)
        }
    }
}

/// Where a test's database is.
protocol TestDatabaseSite: Sendable {
    /// As `DATABASE_URL` names it.
    var address: String { get }
    /// Opens the database as another process would.
    func open(_ services: DatabaseServices) async throws -> any Database
    func remove() async
}

/// A test's own database.
package struct TestDatabase: Sendable {
    package let kind: DatabaseKind
    package let database: any Database
    let site: any TestDatabaseSite

    /// What `DATABASE_URL` has to be for a process that shares the database.
    package var address: String { site.address }

    /// Runs `body` with a second set of connections to the same database, as another process has them.
    @discardableResult
    package func withAnother<Value: Sendable>(
        _ services: DatabaseServices = .testing(), _ body: (any Database) async throws -> Value
    ) async throws -> Value {
        try await closing(try await site.open(services), body)
    }
}

/// Gives `body` a migrated database that no other test sees, and removes it afterwards.
@discardableResult
package func withTestDatabase<Value: Sendable>(
    _ kind: DatabaseKind, migrations: [Migration] = TestSchema.platform,
    services: DatabaseServices = .testing(),
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    let site = try await kind.site(migrations)
    do {
        let value = try await closing(try await site.open(services)) { database in
            try await body(TestDatabase(kind: kind, database: database, site: site))
        }
        await site.remove()
        return value
    } catch {
        await site.remove()
        throw error
    }
}

/// ``withTestDatabase(_:migrations:services:_:)`` for tests that open their database once.
@discardableResult
package func withDatabase<Value: Sendable>(
    _ kind: DatabaseKind, migrations: [Migration] = TestSchema.platform,
    services: DatabaseServices = .testing(),
    _ body: (any Database) async throws -> Value
) async throws -> Value {
    try await withTestDatabase(kind, migrations: migrations, services: services) { try await body($0.database) }
}

private func closing<Value: Sendable>(
    _ database: any Database, _ body: (any Database) async throws -> Value
) async throws -> Value {
    do {
        let value = try await body(database)
        await database.close()
        return value
    } catch {
        await database.close()
        throw error
    }
}
