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
}
