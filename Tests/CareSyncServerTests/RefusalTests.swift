import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Refusals that need no endpoint")
struct RefusalTests {
    @Test("an unknown route gets the error body with all its members")
    func unknownRoute() async throws {
        try await withApp { app in
            let response = try await app.get("/api/nothing-here?x=1")
            #expect(response.status == 404)
            #expect(response.header("Content-Type") == "application/json; charset=utf-8")
            #expect(
                response.json.keys == [
                    "code", "error", "fieldErrors", "message", "path", "requestId", "status", "timestamp",
                ])
            #expect(response.problemCode == "NOT_FOUND")
            #expect(response["error"] == response["message"])
            #expect(response["status"].int == 404)
            #expect(response["path"].string?.hasPrefix("/api/nothing-here") == true)
            #expect(response["timestamp"].string == "2026-03-10T02:30:00Z")
            #expect(response["requestId"].string == response.header("X-Request-Id"))
        }
    }

    @Test("a wrong method gets 405 and the methods that exist")
    func wrongMethod() async throws {
        try await withApp { app in
            let response = try await app.send(.delete, "/health/live")
            #expect(response.status == 405)
            #expect(response.header("Allow") == "GET, HEAD")
            #expect(response.problemCode == "METHOD_NOT_ALLOWED")
        }
    }

    @Test("every answer carries the security headers", arguments: ["/health/live", "/api/nothing-here"])
    func securityHeaders(_ path: String) async throws {
        try await withApp { app in
            let response = try await app.get(path)
            #expect(response.header("Cache-Control") == "no-store")
            #expect(response.header("X-Content-Type-Options") == "nosniff")
            #expect(response.header("Referrer-Policy") == "no-referrer")
            #expect(response.header("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
            #expect(response.header("Server") == nil)
        }
    }

    @Test("transport security is asked for when the public address is https")
    func transportSecurity() async throws {
        try await withApp(environment: ["CARESYNC_PUBLIC_URL": "https://clinic.example"]) { app in
            let response = try await app.get("/health/live")
            #expect(response.header("Strict-Transport-Security")?.hasPrefix("max-age=") == true)
        }
    }

    @Test("a harmless request id is echoed, any other is replaced")
    func requestID() async throws {
        try await withApp { app in
            let echoed = try await app.get("/health/live", headers: ["X-Request-Id": "trace-0123.abc"])
            #expect(echoed.header("X-Request-Id") == "trace-0123.abc")
            let replaced = try await app.get("/health/live", headers: ["X-Request-Id": "no spaces please"])
            #expect(replaced.header("X-Request-Id") != "no spaces please")
            #expect(replaced.header("X-Request-Id")?.isEmpty == false)
        }
    }
}
