import HTTPTypes
import Testing

@Suite("Cross-origin requests")
struct CrossOriginTests {
    @Test("an allowed origin is named in every answer, also in failures", arguments: HeaderTests.paths)
    func allowed(_ path: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get(path, headers: ["Origin": ToyApp.origin])
            #expect(answer.header("Access-Control-Allow-Origin") == ToyApp.origin)
            #expect(answer.header("Access-Control-Allow-Credentials") == "true")
            let exposed = try #require(answer.header("Access-Control-Expose-Headers"))
            for name in ["Authorization", "Content-Disposition", "X-Request-Id", "X-Total-Count", "Retry-After"] {
                #expect(exposed.contains(name))
            }
            #expect(answer.header("Vary") == "Origin")
        }
    }

    @Test(
        "another origin is refused with the error body",
        arguments: [
            "https://evil.example", "null", "https://clinic.example.evil", "http://clinic.example",
            "https://clinic.example/", "https://localhost.evil", "", "https://clinic.example, https://evil.example",
        ])
    func refused(_ origin: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys", headers: ["Origin": origin])
            answer.expectFailure(403, "ORIGIN_NOT_ALLOWED")
            #expect(answer.header("Access-Control-Allow-Origin") == nil)
            let preflight = try await toys.send(.options, "/api/toys", headers: ["Origin": origin])
            preflight.expectFailure(403, "ORIGIN_NOT_ALLOWED")
        }
    }

    @Test("the server's own host is not foreign", arguments: ["http://localhost", "https://localhost"])
    func ownHost(_ origin: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys", headers: ["Origin": origin])
            #expect(answer.status == 200)
            #expect(answer.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test("a preflight is answered before routing and access rules")
    func preflight() async throws {
        try await withToys { toys in
            let answer = try await toys.send(
                .options, "/api/toys/5",
                headers: ["Origin": ToyApp.origin, "Access-Control-Request-Method": "DELETE"])
            #expect(answer.status == 204)
            #expect(answer.bytes.isEmpty)
            #expect(answer.header("Access-Control-Allow-Origin") == ToyApp.origin)
            #expect(answer.header("Access-Control-Allow-Methods") == "GET, POST, PUT, DELETE, OPTIONS, PATCH")
            #expect(answer.header("Access-Control-Max-Age") == "3600")
            let names = try #require(answer.header("Access-Control-Allow-Headers"))
            for name in ["Authorization", "Content-Type", "Range", "If-None-Match", "Idempotency-Key"] {
                #expect(names.contains(name))
            }
        }
    }
}
