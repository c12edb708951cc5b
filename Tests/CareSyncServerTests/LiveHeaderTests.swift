import CareSyncTesting
import Foundation
import Testing

/// What answers carry on a socket of the program itself.
@Suite("Headers on a live socket", .timeLimit(.minutes(10)))
struct LiveHeaderTests {
    private static let environment = [
        "CARESYNC_RATE_LIMITS": "on", "CARESYNC_PUBLIC_URL": "https://clinic.example",
        "CARESYNC_CORS_ORIGINS": "https://app.example",
    ]

    private func head(of path: String, _ fields: String = "", method: String = "GET") async throws -> String {
        let server = try LiveServer(environment: Self.environment)
        try await server.start()
        let answer = try await server.exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n")
        await server.stop()
        return answer.components(separatedBy: "\r\n\r\n")[0] + "\r\n"
    }

    @Test(
        "every answer carries the security headers, once each",
        arguments: [
            "/health/live", "/api/auth/check-availability?username=x", "/api/auth/current-user", "/api/nowhere", "/%zz",
        ])
    func security(_ path: String) async throws {
        let head = try await head(of: path)
        for line in [
            "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'", "Vary: Origin",
            "Strict-Transport-Security: max-age=31536000; includeSubDomains", "Connection: close",
        ] {
            #expect(head.components(separatedBy: "\r\n\(line)\r\n").count == 2, "\(line) in \(head)")
        }
        for name in ["X-Request-Id", "Date", "Content-Length", "Content-Type"] {
            #expect(head.components(separatedBy: "\r\n\(name): ").count == 2, "\(name) in \(head)")
        }
    }

    @Test("a listed origin is named, another one is refused")
    func crossOrigin() async throws {
        let listed = try await head(of: "/health/live", "Origin: https://app.example\r\n")
        #expect(listed.contains("\r\nAccess-Control-Allow-Origin: https://app.example\r\n"))
        #expect(listed.contains("\r\nAccess-Control-Allow-Credentials: true\r\n"))
        let foreign = try await head(of: "/health/live", "Origin: https://evil.example\r\n")
        #expect(foreign.hasPrefix("HTTP/1.1 403 "))
        #expect(!foreign.contains("Access-Control"))
        let preflight = try await head(of: "/health/live", "Origin: https://app.example\r\n", method: "OPTIONS")
        #expect(preflight.hasPrefix("HTTP/1.1 204 "))
        #expect(preflight.contains("\r\nAccess-Control-Max-Age: 3600\r\n"))
    }

    @Test("what is left of a quota is told")
    func quota() async throws {
        let head = try await head(of: "/api/auth/check-availability?username=x")
        #expect(head.contains("\r\nRateLimit: \""))
        #expect(head.contains("\r\nRateLimit-Policy: \""))
    }
}
