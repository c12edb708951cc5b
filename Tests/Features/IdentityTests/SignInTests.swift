import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Cryptography
@testable import Identity

@Suite("Sign-in")
struct SignInTests {
    @Test("the right password signs in, in whatever case the user name is written", arguments: DatabaseKind.available)
    func signIn(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let registered = try await app.register("Asha")
            app.clock.advance(by: .seconds(5))
            let tokens = try await app.logIn("aSHA").tokens
            #expect(tokens.username == "Asha")
            #expect(tokens.refreshToken != registered.refreshToken)
            #expect(try await app.currentUser(tokens.accessToken).status == 200)
            #expect(try await app.currentUser(registered.accessToken).status == 200)
            let login: Instant? = try await app.database.read { db in try db.value("SELECT last_login_at FROM users") }
            #expect(login == app.clock.now)
            #expect(try await app.auditTrail().last == "LOGIN SUCCESS -")
        }
    }

    @Test("an unknown user name and a wrong password get the same answer", arguments: DatabaseKind.available)
    func sameAnswer(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            let wrong = try await app.logIn("asha", "wrong")
            let unknown = try await app.logIn("nobody", "wrong")
            let impossible = try await app.logIn("no body's name", "w")
            #expect(wrong.status == 401)
            #expect(wrong.code == "INVALID_CREDENTIALS")
            #expect(wrong.challenge == "Bearer")
            func anonymous(_ reply: Reply) -> String {
                reply.text.replacing(/"(requestId|timestamp)":"[^"]*"/, with: "")
            }
            #expect(anonymous(wrong) == anonymous(unknown))
            #expect(anonymous(wrong) == anonymous(impossible))
            let failures = try await app.auditTrail().filter { $0 == "LOGIN_FAILED DENIED INVALID_CREDENTIALS" }
            #expect(failures.count == 3)
            let named = try await app.count(
                "SELECT count(*) FROM audit_log WHERE action = 'LOGIN_FAILED' AND entity_id <> ''")
            #expect(named == 1)
        }
    }

    @Test("a deactivated account is told so only with the right password", arguments: DatabaseKind.available)
    func inactive(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            try await app.deactivate("asha")
            let right = try await app.logIn("asha")
            #expect(right.status == 403)
            #expect(right.code == "ACCOUNT_INACTIVE")
            #expect(try await app.logIn("asha", "wrong").code == "INVALID_CREDENTIALS")
            #expect(try await app.currentUser(tokens.accessToken).code == "SESSION_REVOKED")
            let refreshed = try await app.refresh(tokens.refreshToken)
            #expect(refreshed.status == 403)
            #expect(refreshed.code == "ACCOUNT_INACTIVE")
            #expect(try await app.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0)
            #expect(try await app.count("SELECT count(*) FROM sessions") == 1)
        }
    }

    @Test("an imported hash is upgraded by the sign-in that proves it right", arguments: DatabaseKind.available)
    func upgrade(kind: DatabaseKind) async throws {
        // Openwall's published vector for the password "U*U".
        let imported = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        try await withIdentity(kind) { app in
            _ = try await app.database.write { db in
                try app.feature.addAccount(
                    NewAccount(username: "old", email: "old@example.org", passwordHash: imported, role: .patient),
                    form: nil, db: db)
            }
            #expect(try await app.logIn("old", "U*u").status == 401)
            #expect(try await app.count("SELECT count(*) FROM users WHERE password_hash LIKE 'v2:%'") == 0)
            #expect(try await app.logIn("old", "U*U").status == 200)
            #expect(try await app.count("SELECT count(*) FROM users WHERE password_hash LIKE 'v2:%'") == 1)
            #expect(try await app.logIn("old", "U*U").status == 200)
        }
    }

    @Test("many sign-ins at once with an imported hash all succeed", arguments: DatabaseKind.available)
    func parallelUpgrade(kind: DatabaseKind) async throws {
        let imported = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        try await withIdentity(kind) { app in
            _ = try await app.database.write { db in
                try app.feature.addAccount(
                    NewAccount(username: "old", email: "old@example.org", passwordHash: imported, role: .patient),
                    form: nil, db: db)
            }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await app.logIn("old", "U*U").status } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [200])
        }
    }

    @Test("sign-ins are kept and audited with the user agent", arguments: DatabaseKind.available)
    func userAgent(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            let agent = "Browser/1.0 " + String(repeating: "x", count: 5_000)
            #expect(try await app.logIn("asha", agent: agent).status == 200)
            #expect(try await app.logIn("asha", "wrong", agent: agent).status == 401)
            let audited: [String] = try await app.database.read { db in
                try db.values("SELECT user_agent FROM audit_log WHERE user_agent IS NOT NULL")
            }
            let devices: [String] = try await app.database.read { db in
                try db.values("SELECT user_agent FROM sessions WHERE user_agent IS NOT NULL")
            }
            #expect(audited == [String(agent.prefix(255)), String(agent.prefix(255))])
            #expect(devices == [String(agent.prefix(255))])
        }
    }

    @Test(
        "a user agent is kept without control characters, up to 255 characters",
        arguments: [
            ("plain", "plain"), ("a\u{7F}b\tc\u{0}\r\nd\u{85}", "abcd"),
            (String(repeating: "é", count: 300), String(repeating: "é", count: 255)), ("", ""),
        ])
    func keptUserAgent(sent: String, kept: String) {
        #expect(RequestOrigin(principal: nil, requestID: "r", address: "a", userAgent: sent).keptUserAgent == kept)
    }

    @Test("the claims of an access token are safe for a browser's atob", arguments: DatabaseKind.available)
    func claims(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("a.B-c_9")
            let parts = tokens.accessToken.split(separator: ".")
            #expect(parts.count == 3)
            #expect(!parts[1].contains("-") && !parts[1].contains("_"))
            struct Claims: Decodable {
                let sub: String
                let iat: Int64
                let exp: Int64
                let role: String
                let sessionId: String
            }
            let bytes = try #require(Base64.decode(String(parts[1])))
            let claims = try JSONDecoder().decode(Claims.self, from: Data(bytes))
            #expect(claims.sub == "a.B-c_9")
            #expect(claims.role == "PATIENT")
            #expect(claims.exp - claims.iat == 900)
            #expect(!claims.sessionId.isEmpty)
        }
    }
}
