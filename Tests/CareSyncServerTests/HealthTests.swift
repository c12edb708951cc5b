import CareSyncTesting
import Persistence
import Testing

@Suite("Health")
struct HealthTests {
    @Test("the process says that it is up", arguments: ["/health/live", "/health/ready", "/actuator/health"])
    func isUp(_ path: String) async throws {
        try await withApp { app in
            let response = try await app.get(path)
            #expect(response.status == 200)
            #expect(response.text == #"{"status":"UP"}"#)
        }
    }

    @Test("readiness is denied when the database has gone, and liveness is not", arguments: DatabaseKind.available)
    func databaseGone(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            await app.database.close()
            let ready = try await app.get("/health/ready")
            #expect(ready.status == 503)
            #expect(ready.problemCode == "UNAVAILABLE")
            #expect(ready.header("Retry-After") == "1")
            #expect(try await app.get("/health/live").status == 200)
        }
    }

    @Test(
        "a database that hangs is told from one that answers within two seconds, and found again when it goes on",
        .enabled(if: DatabaseKind.available.contains(.postgres) && PostgresTestServer.isAvailable))
    func databaseHangs() async throws {
        try await withPostgresServer { server in
            let program = try LiveServer(environment: ["DATABASE_URL": server.url()])
            try await program.start()
            #expect(try await program.get("/health/ready").status == 200)
            server.hang()
            let begin = ContinuousClock.now
            #expect(try await program.get("/health/ready").status == 503)
            // A busy machine may take its time, but not the five seconds for which other work waits.
            #expect(ContinuousClock.now - begin < .seconds(4))
            #expect(try await program.get("/health/live").status == 200)
            server.goOn()
            #expect(try await program.get("/health/ready").status == 200)
            await program.stop()
        }
    }
}
