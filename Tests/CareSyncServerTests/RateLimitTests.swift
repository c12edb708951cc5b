import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Rate limits")
struct RateLimitTests {
    private static let on = ["CARESYNC_RATE_LIMITS": "on"]
    private static let current = "/api/auth/current-user"
    private static let probe = "/api/auth/check-availability?t=1773115200000"

    @Test("answers say what is left, as lists of items with parameters")
    func headers() async throws {
        try await withApp(environment: Self.on) { app in
            let user = try await app.registerPatient()
            let answer = try await app.get(Self.current, as: user)
            #expect(
                answer.header("RateLimit-Policy") == #""read-account";q=600;w=60, "read-address";q=12000;w=60"#)
            #expect(answer.header("RateLimit") == #""read-account";r=599;t=1, "read-address";r=11999;t=1"#)
            let wrong = try await app.post("/api/auth/login", json: ["username": user.username, "password": "wrong"])
            #expect(wrong.status == 401)
            #expect(wrong.header("RateLimit-Policy") == #""sign-in-address";q=300;w=60"#)
            #expect(wrong.header("RateLimit") == #""sign-in-address";r=298;t=1"#)
            #expect(try await app.get(Self.current).header("RateLimit") == #""read-address";r=11998;t=1"#)
            for path in ["/health/live", "/health/ready", "/actuator/health", "/v3/api-docs", "/api/nothing"] {
                #expect(try await app.get(path).header("RateLimit") == nil)
            }
        }
    }

    @Test("an account over its quota gets 429 until it has earned a request, and its address is not charged")
    func account() async throws {
        try await withApp(environment: Self.on) { app in
            let (user, neighbour) = (try await app.registerPatient(), try await app.registerPatient())
            for _ in 0..<600 { #expect(try await app.get(Self.current, as: user).status == 200) }
            for _ in 0..<20 {
                let refused = try await app.get(Self.current, as: user)
                #expect(refused.status == 429)
                #expect(refused.problemCode == "RATE_LIMITED")
                #expect(refused["status"].int == 429)
                #expect(refused["requestId"].string != nil)
                #expect(refused.header("Retry-After") == "1")
                #expect(refused.header("RateLimit")?.hasPrefix(#""read-account";r=0;t=1, "#) == true)
            }
            let other = try await app.get(Self.current, as: neighbour)
            #expect(other.header("RateLimit")?.contains(#""read-address";r=11399;"#) == true)
            // Another class has a quota of its own.
            #expect(try await app.post("/api/auth/logout", as: user, json: [String: String]()).status == 200)
            app.time.advance(by: .milliseconds(100))
            #expect(try await app.get(Self.current, as: user).status == 200)
            #expect(try await app.get(Self.current, as: user).status == 429)
        }
    }

    @Test("an address over its quota gets 429 before its tokens are looked at, whoever it says it is")
    func address() async throws {
        try await withApp(environment: Self.on) { app in
            for number in 0..<300 {
                let form = ["username": "nobody\(number)", "password": "wrong"]
                let spoofed = ["X-Forwarded-For": "203.0.113.\(number % 250)"]
                let status = try await app.post("/api/auth/login", json: form, headers: spoofed).status
                #expect(status == (number < 30 ? 401 : 403))
            }
            let refused = try await app.post(
                "/api/auth/login", json: ["username": "nobody", "password": "wrong"],
                headers: ["X-Forwarded-For": "203.0.113.251", "X-Real-IP": "203.0.113.251"])
            #expect(refused.status == 429)
            #expect(refused.problemCode == "RATE_LIMITED")
            #expect(refused.header("Retry-After") == "1")
            #expect(try await app.get(Self.current).status == 401)
        }
    }

    @Test("a proxy's clients have quotas of their own, and IPv6 networks one")
    func proxy() async throws {
        let environment = Self.on.merging(["CARESYNC_TRUSTED_PROXIES": "127.0.0.1"]) { $1 }
        let server = try LiveServer(environment: environment)
        try await server.start()
        func left(_ address: String) async throws -> String? {
            let lines = [
                "GET \(Self.probe) HTTP/1.1", "Host: x", "Connection: close", "X-Forwarded-For: 10.9.9.9, \(address)",
            ]
            let answer = try await server.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
            let line = answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("ratelimit:") }
            return line?.split(separator: ";").dropFirst().first.map(String.init)
        }
        #expect(try await left("203.0.113.1") == "r=1199")
        #expect(try await left("203.0.113.2") == "r=1199")
        #expect(try await left("203.0.113.1") == "r=1198")
        #expect(try await left("2001:db8:0:1::1") == "r=1199")
        #expect(try await left("2001:db8:0:1:ffff::9") == "r=1198")
        #expect(try await left("2001:db8:0:2::1") == "r=1199")
        await server.stop()
    }

    @Test("what the published client does is far from any limit")
    func client() async throws {
        try await withApp(environment: Self.on) { app in
            // Thirty browsers of one clinic wait for the server together: 40 tries each, all within a minute.
            for _ in 0..<(30 * 40) { #expect(try await app.get(Self.probe).status == 200) }
            let user = try await app.registerPatient()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 { group.addTask { try await app.get(Self.current, as: user).status } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [200])
        }
    }

    @Test("refusals are dear, so an account leaves at most sixty audit rows at once")
    func denials() async throws {
        try await withApp(environment: Self.on) { app in
            let user = try await app.registerPatient()
            for _ in 0..<100 { _ = try await app.get("/api/admin/users", as: user) }
            #expect(try await app.get("/api/admin/users", as: user).status == 429)
            let rows: Int? = try await app.database.read { db in
                try db.value("SELECT count(*) FROM audit_log WHERE action = 'ACCESS_DENIED'")
            }
            #expect(rows == 60)
        }
    }

    @Test("switched off, nothing is limited and nothing said, but lockout stays")
    func off() async throws {
        try await withApp { app in
            let user = try await app.registerPatient()
            for _ in 0..<700 { #expect(try await app.get(Self.current, as: user).status == 200) }
            #expect(try await app.get(Self.current, as: user).header("RateLimit") == nil)
            let wrong = ["username": user.username, "password": "wrong"]
            for _ in 0..<5 { _ = try await app.post("/api/auth/login", json: wrong) }
            #expect(try await app.post("/api/auth/login", json: wrong).problemCode == "ACCOUNT_LOCKED")
        }
    }
}
