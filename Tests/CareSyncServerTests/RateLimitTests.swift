import CareSyncCore
import CareSyncServer
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
            #expect(wrong.header("RateLimit") == #""sign-in-address";r=299;t=1"#)
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
            #expect(try await app.post("/api/auth/logout", as: user, json: ["refreshToken": "x"]).status == 200)
            app.time.advance(by: .milliseconds(100))
            #expect(try await app.get(Self.current, as: user).status == 200)
            #expect(try await app.get(Self.current, as: user).status == 429)
        }
    }

    @Test("an address over its quota gets 429 before its tokens are checked")
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

    @Test("a network registers ten accounts a minute, and asking for more keeps nobody from signing in")
    func registration() async throws {
        try await withApp(environment: Self.on) { app in
            let user = try await app.registerPatient()
            let form = [
                "username": user.username, "password": "Correct-Horse-42", "email": "x@example.org", "role": "PATIENT",
                "firstName": "A", "lastName": "B",
            ]
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<300 { group.addTask { try await app.post("/api/auth/register", json: form).problemCode } }
                return try await group.reduce(into: [String?: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(codes == ["USERNAME_TAKEN": 9, "RATE_LIMITED": 291])
            let logIn = ["username": user.username, "password": user.password]
            #expect(try await app.post("/api/auth/login", json: logIn).status == 200)
            app.time.advance(by: .seconds(6))
            #expect(try await app.post("/api/auth/register", json: form).problemCode == "USERNAME_TAKEN")
        }
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

    @Test(
        "a refusal always costs ten, however little is left, and a repeated one is no row",
        arguments: DatabaseKind.available)
    func denials(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: Self.on) { app in
            let user = try await app.registerPatient()
            var (refused, asked) = (0, 0)
            for _ in 0..<100 where try await app.get("/api/admin/users", as: user).status == 403 { refused += 1 }
            #expect(refused == 60)
            // A request is earned each tenth of a second; only every tenth of them pays for a refusal.
            while asked < 600 {
                app.time.advance(by: .milliseconds(100))
                if try await app.get("/api/admin/users", as: user).status == 403 { refused += 1 }
                asked += 1
            }
            #expect((119...121).contains(refused))
        }
    }

    @Test(
        "the first refusal of a caller, route and patient is a row at once, and its repetitions one more at the minute's end",
        arguments: DatabaseKind.available)
    func repeats(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (user, other) = (try await app.registerPatient(), try await app.registerPatient())
            func rows() async throws -> [String] {
                try await app.database.read { db in
                    try db.values(
                        "SELECT coalesce(state_after, '') FROM audit_log WHERE action = 'ACCESS_DENIED' ORDER BY at, coalesce(state_after, '')"
                    )
                }
            }
            for _ in 0..<5 { _ = try await app.get("/api/admin/users", as: user) }
            _ = try await app.get("/api/patients/\(other.id)/access-log", as: user)
            _ = try await app.get("/api/patients/\(user.id)/access-log", as: other)
            #expect(try await rows() == ["", "", ""])
            try await app.system.denials.write(begunBefore: app.time.now - .minutes(1))
            #expect(try await rows() == ["", "", ""])
            app.time.advance(by: .minutes(1))
            try await app.system.denials.write(begunBefore: app.time.now - .minutes(1))
            #expect(try await rows() == ["", "", "", "repeated: 4"])
            // A new minute begins with a row, and a clean stop writes what is counted.
            for _ in 0..<3 { _ = try await app.get("/api/admin/users", as: user) }
            #expect(try await rows().count == 5)
            try await app.system.denials.write(begunBefore: nil)
            #expect(try await rows().filter { !$0.isEmpty }.sorted() == ["repeated: 2", "repeated: 4"])
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
