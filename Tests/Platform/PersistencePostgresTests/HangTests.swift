import CareSyncCore
import CareSyncTesting
import Logging
import Persistence
import PersistencePostgres
import Testing

/// Servers of these tests' own, because they stop them.
@Suite("PostgreSQL that hangs, and standbys", .enabled(if: hasPostgres && PostgresTestServer.isAvailable))
struct HangTests {
    /// Statements may take a second here, and the server half a second more to say that they took too long.
    private func withDatabase(
        connections: Int = 2, _ body: (PostgresDatabase, PostgresTestServer) async throws -> Void
    ) async throws {
        try await withPostgresServer { server in
            let database = try PostgresDatabase(
                url: server.url(options: "-c statement_timeout=1s"), connections: connections,
                patience: .milliseconds(500), margin: .milliseconds(500), recheck: .zero, services: .testing(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await database.write { db in
                try db.run("CREATE TABLE seats (id bigint PRIMARY KEY, taken bigint NOT NULL)")
                try db.run("INSERT INTO seats VALUES (1, 0)")
            }
            try await body(database, server)
            await database.close()
        }
    }

    private func taken(_ database: any Database) async throws -> Int? {
        try await database.read { db in try db.value("SELECT taken FROM seats WHERE id = 1") }
    }

    private func take(_ database: any Database) async throws {
        try await database.write { db in _ = try db.run("UPDATE seats SET taken = taken + 1 WHERE id = 1") }
    }

    @Test("callers of a hanging server are refused, and once it continues they are served again")
    func hangs() async throws {
        try await withDatabase { database, server in
            server.hang()
            let refused = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do {
                            if number % 2 == 0 { try await take(database) } else { _ = try await taken(database) }
                            return false
                        } catch {
                            return (error as? Problem)?.kind == .unavailable || error is DatabaseFailure
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 20)
            #expect(await !database.isAnswering(within: .milliseconds(100)))
            server.goOn()
            try await untilItServes(database)
            // None of those that were refused took effect.
            #expect(try await taken(database) == 0)
        }
    }

    @Test("a restarted server is found again")
    func restarts() async throws {
        try await withDatabase { database, server in
            server.hang()
            await #expect(throws: (any Error).self) { try await take(database) }
            server.goOn()
            await server.stop()
            await #expect(throws: (any Error).self) { try await take(database) }
            try await server.start()
            try await untilItServes(database)
            try await take(database)
            #expect(try await taken(database) == 1)
        }
    }

    @Test("a server that takes no writes answers reads, refuses writes at once, and takes them when it leads again")
    func standby() async throws {
        try await withDatabase { database, server in
            try server.becomeStandby()
            await server.stop()
            try await server.start()
            try await untilItServes(database)
            for _ in 0..<4 {
                let refusal = await #expect(throws: Problem.self) { try await take(database) }
                #expect(refusal?.kind == .unavailable)
                #expect(try await taken(database) == 0)
            }
            // It answers, and yet nobody can be served.
            #expect(await database.isAnswering(within: .seconds(5)))
            #expect(await !database.isServing(within: .seconds(5)))
            try await database.read { db in try db.query("SELECT pg_promote()") { _ in } }
            try await take(database)
            #expect(try await taken(database) == 1)
            #expect(await database.isServing(within: .seconds(5)))
        }
    }

    /// Work is repeated as clients do; each attempt waits in the driver, so this does not spin.
    private func untilItServes(_ database: any Database) async throws {
        for _ in 0..<100 where await database.isAnswering(within: .seconds(5)) { return }
        Issue.record("It never answered.")
    }
}
