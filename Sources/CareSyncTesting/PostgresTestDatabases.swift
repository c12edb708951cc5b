import Foundation
import Logging
import Persistence
import PersistencePostgres

/// PostgreSQL databases for tests: a template migrated once for each set of migrations, cloned for each test.
///
/// Every run of the tests has a number, under which it holds an advisory lock; a database whose run holds none any more
/// was left by a run that died, and the next run removes it.
enum PostgresTestDatabases {
    /// The server, as a superuser on a database that is not used otherwise; `nil` when this run has none.
    static let url = ProcessInfo.processInfo.environment["CARESYNC_TEST_POSTGRES_URL"].flatMap(URLComponents.init)

    /// Connections of one test's database.
    private static let connections =
        ProcessInfo.processInfo.environment["CARESYNC_TEST_POSTGRES_CONNECTIONS"].flatMap(Int.init) ?? 4

    static func site(_ migrations: [Migration]) async throws -> any TestDatabaseSite {
        guard let url else { throw DatabaseFailure.unavailable }
        await Places.shared.take()
        do {
            let name = try await Server.shared.clone(url, migrations)
            return Site(url: url, name: name)
        } catch {
            await Places.shared.giveBack()
            throw error
        }
    }

    /// The database of one test.
    private struct Site: TestDatabaseSite {
        let url: URLComponents
        let name: String

        var address: String {
            var address = url
            address.path = "/" + name
            return address.string ?? ""
        }

        func open(_ services: DatabaseServices) throws -> any Database {
            try PostgresTestDatabases.open(url, name, connections: connections, services)
        }

        func remove() async {
            await Server.shared.drop(name)
            await Places.shared.giveBack()
        }
    }

    fileprivate static func open(
        _ server: URLComponents, _ name: String?, connections: Int, options: String? = nil,
        _ services: DatabaseServices = .testing()
    ) throws -> PostgresDatabase {
        var url = server
        if let name { url.path = "/" + name }
        if let options {
            url.queryItems = (url.queryItems ?? []) + [URLQueryItem(name: "options", value: options)]
        }
        // Tests share the machine: work may wait long for its turn there, and is not refused for that.
        return try PostgresDatabase(
            url: url.string ?? "", connections: connections, patience: .seconds(60), services: services,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The server's list of databases, and this run's templates.
    private actor Server {
        static let shared = Server()

        private let run = Int.random(in: 1...Int(Int32.max))
        private var made = 0
        private var administration: Task<PostgresDatabase, any Error>?
        private var templates: [String: Task<String, any Error>] = [:]

        func clone(_ url: URLComponents, _ migrations: [Migration]) async throws -> String {
            let key = migrations.map { "\($0.name):\($0.checksum(.postgres))" }.joined(separator: ",")
            let template = templates[key] ?? Task { try await makeTemplate(url, migrations) }
            templates[key] = template
            let name = nextName()
            try await execute("CREATE DATABASE \(name) TEMPLATE \(try await template.value)", on: url)
            return name
        }

        func drop(_ name: String) async {
            guard let administration = try? await administration?.value else { return }
            // A database that stays is removed by the next run.
            try? await Self.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", on: administration)
        }

        private func makeTemplate(_ url: URLComponents, _ migrations: [Migration]) async throws -> String {
            let name = nextName()
            try await execute("CREATE DATABASE \(name)", on: url)
            let database = try PostgresTestDatabases.open(url, name, connections: 1)
            do {
                try await Migrator(database: database, ledger: migrations).run()
                await database.close()
                return name
            } catch {
                await database.close()
                throw error
            }
        }

        private func nextName() -> String {
            made += 1
            return "caresync_test_\(run)_\(made)"
        }

        private func execute(_ statement: String, on url: URLComponents) async throws {
            let opening = administration ?? Task { [run] in try await Self.administration(url, run) }
            administration = opening
            try await Self.execute(statement, on: try await opening.value)
        }

        /// Databases are made and dropped outside transactions, so as a read that may write.
        private static func execute(_ statement: String, on database: PostgresDatabase) async throws {
            try await database.read { db in _ = try db.run(SQL(stringLiteral: statement)) }
        }

        /// One connection, which holds this run's lock until the process ends.
        private static func administration(_ url: URLComponents, _ run: Int) async throws -> PostgresDatabase {
            let database = try PostgresTestDatabases.open(
                url, nil, connections: 1, options: "-c default_transaction_read_only=off")
            let left = try await database.read { db in
                try db.query("SELECT pg_advisory_lock(\(run))") { _ in }
                let names: [String] = try db.values(
                    "SELECT datname FROM pg_database WHERE datname LIKE 'caresync\\_test\\_%' ORDER BY datname")
                return try names.filter { name in
                    let owner = name.split(separator: "_").dropFirst(2).first.flatMap { Int($0) }
                    guard let owner, owner != run else { return false }
                    return try db.value("SELECT pg_try_advisory_lock(\(owner))") ?? false
                }
            }
            for name in left {
                // Another run may be removing it too.
                try? await execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", on: database)
            }
            return database
        }
    }

    /// Bounds how many databases are open, because tests run in parallel and the server has few connections.
    private actor Places {
        static let shared = Places()

        private var free = 10
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func take() async {
            if free > 0 {
                free -= 1
            } else {
                await withCheckedContinuation { waiting.append($0) }
            }
        }

        func giveBack() {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
    }
}
