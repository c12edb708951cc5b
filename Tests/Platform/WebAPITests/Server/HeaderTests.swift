import HTTPTypes
import Testing

@Suite("Headers of every answer")
struct HeaderTests {
    static let paths = [
        "/api/toys", "/api/nowhere", "/api/toys/5", "/api/fails/error", "/api/file", "/api/stream", "/api/catalogue",
    ]

    @Test("every answer carries the security headers and a request id", arguments: paths)
    func security(_ path: String) async throws {
        try await ToyApp(isTransportSecure: true).test { toys in
            let answer = try await toys.get(path)
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            #expect(answer.header("Referrer-Policy") == "no-referrer")
            #expect(answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'")
            #expect(answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains")
            #expect(answer.header("Vary") == "Origin")
            #expect(answer.header("X-Request-Id")?.isEmpty == false)
            for name in answer.headers.map(\.name) { #expect(answer.headers[values: name].count == 1) }
        }
    }

    @Test("answers are not kept by caches unless they say so")
    func caching() async throws {
        try await withToys { toys in
            for (path, rule) in [
                ("/api/toys", "no-store"), ("/api/nowhere", "no-store"), ("/api/catalogue", "public, max-age=60"),
            ] {
                let answer = try await toys.get(path)
                #expect(answer.header("Cache-Control") == rule)
                #expect(answer.header("Strict-Transport-Security") == nil)
            }
        }
    }

    @Test("a harmless request id is echoed", arguments: ["12345678", "a-b_c.D9", String(repeating: "x", count: 64)])
    func echoed(_ name: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys", headers: ["X-Request-Id": name])
            #expect(answer.header("X-Request-Id") == name)
        }
    }

    @Test(
        "any other request id is replaced",
        arguments: [
            "", "1234567", String(repeating: "x", count: 65), "has blank", "<script>", "über-uns-1", "a,b,c,d,e",
        ])
    func replaced(_ name: String) async throws {
        try await withToys { toys in
            let first = try await toys.get("/api/toys", headers: ["X-Request-Id": name]).header("X-Request-Id")
            let second = try await toys.get("/api/nowhere", headers: ["X-Request-Id": name]).header("X-Request-Id")
            #expect(first != name)
            #expect(second != first)
        }
    }
}
