import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Cross-origin requests")
struct CrossOriginTests {
    private let listed = "http://localhost:4200"

    @Test("a listed origin may read answers, refusals included", arguments: ["/health/live", "/api/nothing-here"])
    func listedOrigin(_ path: String) async throws {
        try await withApp { app in
            let response = try await app.get(path, headers: ["Origin": listed])
            #expect(response.header("Access-Control-Allow-Origin") == listed)
            #expect(response.header("Access-Control-Allow-Credentials") == "true")
            #expect(response.header("Access-Control-Expose-Headers")?.contains("X-Total-Count") == true)
            #expect(response.header("Vary") == "Origin")
        }
    }

    @Test("a preflight is answered for any route without a token")
    func preflight() async throws {
        try await withApp { app in
            let response = try await app.send(
                .options, "/api/appointments",
                headers: ["Origin": listed, "Access-Control-Request-Method": "PUT"])
            #expect(response.status == 204)
            #expect(response.header("Access-Control-Allow-Methods")?.contains("PUT") == true)
            #expect(response.header("Access-Control-Allow-Headers")?.contains("Idempotency-Key") == true)
            #expect(response.header("Access-Control-Max-Age") == "3600")
        }
    }

    @Test("a foreign origin gets 403 and no headers that would let it read", arguments: ["GET", "OPTIONS"])
    func foreignOrigin(_ method: String) async throws {
        try await withApp { app in
            let response = try await app.send(
                method == "GET" ? .get : .options, "/health/live", headers: ["Origin": "https://evil.example"])
            #expect(response.status == 403)
            #expect(response.problemCode == "ORIGIN_NOT_ALLOWED")
            #expect(response.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test("the public address is not foreign")
    func publicAddress() async throws {
        try await withApp(environment: ["CARESYNC_PUBLIC_URL": "https://clinic.example/portal/"]) { app in
            let response = try await app.get("/health/live", headers: ["Origin": "https://clinic.example"])
            #expect(response.status == 200)
        }
    }
}
