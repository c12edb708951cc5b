import CareSyncCore
import CareSyncTesting
import Foundation
import Logging
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL outages", .enabled(if: hasPostgres))
struct OutageTests {
    /// Tells when a worker could not connect.
    private struct FailedAttempts: LogHandler {
        let attempts: AsyncStream<Void>.Continuation
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if event.message.description == "postgres: no connection" { attempts.yield() }
        }
    }

    static func url(_ name: String? = nil, options: String? = nil) throws -> String {
        let text = try #require(ProcessInfo.processInfo.environment["CARESYNC_TEST_POSTGRES_URL"])
        var url = try #require(URLComponents(string: text))
        if let name { url.path = "/" + name }
        if let options { url.queryItems = [URLQueryItem(name: "options", value: options)] }
        return try #require(url.string)
    }

    /// Lets nobody into a database, ends who is in, and gives `body` the way to open it again.
    private func withOutage(
        patience: Duration,
        _ body: (PostgresDatabase, _ attempts: AsyncStream<Void>, _ end: @Sendable () async throws -> Void)
            async throws -> Void
    ) async throws {
        try await withPostgres { first in
            let name: String = try #require(try await first.read { try $0.value("SELECT current_database()::text") })
            let (attempts, continuation) = AsyncStream.makeStream(of: Void.self)
            let logger = Logger(label: "test") { _ in FailedAttempts(attempts: continuation) }
            let database = try PostgresDatabase(
                url: try Self.url(name), connections: 1, patience: patience, services: .testing(), logger: logger)
            let server = try PostgresDatabase(
                url: try Self.url(options: "-c default_transaction_read_only=off"), connections: 1,
                services: .testing(), logger: Logger(label: "server"))
            let allow: @Sendable (Bool) async throws -> Void = { isAllowed in
                let sql = SQL(stringLiteral: "ALTER DATABASE \(name) ALLOW_CONNECTIONS \(isAllowed)")
                try await server.read { db in _ = try db.run(sql) }
            }
            try await allow(false)
            try await server.read { db in
                try db.query(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = \(name)::name"
                ) { _ in }
            }
            try await body(database, attempts) { try await allow(true) }
            await database.close()
            await server.close()
        }
    }

    @Test("work that arrives while the database is away is done when it comes back")
    func comesBack() async throws {
        // On a busy machine the database may come back late; how long work waits is not what is asked here.
        try await withOutage(patience: .seconds(100)) { database, attempts, end in
            async let balance: Int? = database.write { db in
                try db.value("UPDATE accounts SET balance = balance + 1 WHERE id = 1 RETURNING balance")
            }
            for await _ in attempts { break }
            try await end()
            #expect(try await balance == 101)
        }
    }

    @Test("work is refused when the database stays away")
    func staysAway() async throws {
        try await withOutage(patience: .milliseconds(200)) { database, _, end in
            let refusal = await #expect(throws: Problem.self) {
                try await database.read { db in try db.exists("SELECT 1") }
            }
            #expect(refusal?.kind == .unavailable)
            try await end()
        }
    }
}
