import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@testable import Identity

@Suite("Networks of the administration")
struct AdministrationNetworkTests {
    /// In a network of the administration.
    private static let office = "198.51.100.7"
    private static let elsewhere = "203.0.113.9"

    private func withOffice(
        _ kind: DatabaseKind = .sqlite, _ body: @Sendable (IdentityApp) async throws -> Void
    ) async throws {
        var settings = IdentitySettings()
        settings.administration = ["198.51.100.0/24", "2001:db8:0:7::/64"].compactMap(IPNetwork.init)
        try await withIdentity(kind, settings: settings) { app in
            _ = try await app.feature.createAdmin(
                username: "head", email: "head@example.org", password: IdentityApp.password)
            _ = try await app.register("asha")
            try await body(app)
        }
    }

    private func limit(_ app: IdentityApp, _ address: String) async throws {
        for name in 0..<6 {
            for _ in 0..<5 { _ = try await app.logIn("stranger\(name)", "wrong", from: address) }
        }
        #expect(try await app.logIn("stranger7", "wrong", from: address).code == "IP_BLOCKED")
    }

    /// An administrator signs in from a third place and blocks the address.
    private func block(_ app: IdentityApp, _ address: String) async throws {
        let token = try await app.logIn("head", from: "192.0.2.1").tokens.accessToken
        let path = "/api/admin/block-ip?ipAddress=\(address)"
        #expect(try await app.send(.post, path, raw: "{}", token: token, from: "192.0.2.1").status == 200)
    }

    @Test(
        "where sign-ins are limited, administrators sign in and nobody else does", arguments: DatabaseKind.available,
        [office, "2001:db8:0:7::99"])
    func limited(_ kind: DatabaseKind, _ address: String) async throws {
        try await withOffice(kind) { app in
            try await limit(app, address)
            try await limit(app, Self.elsewhere)
            #expect(try await app.logIn("head", from: address).status == 200)
            #expect(try await app.logIn("head", from: Self.elsewhere).code == "IP_BLOCKED")
            let wrong = "LOGIN_FAILED DENIED INVALID_CREDENTIALS"
            let noted = try await app.auditTrail().count { $0 == wrong }
            // Alike for everybody else, and for administrators that do not know their password.
            let others = [("asha", IdentityApp.password), ("asha", "wrong"), ("nobody", "wrong"), ("head", "wrong")]
            for (name, password) in others {
                let refused = try await app.logIn(name, password, from: address)
                #expect(refused.status == 403)
                #expect(refused.code == "IP_BLOCKED")
                #expect(refused.retryAfter == "3600")
            }
            // The log tells which of them had the wrong password.
            #expect(try await app.auditTrail().count { $0 == wrong } == noted + 3)
        }
    }

    @Test("attempts that are refused there count as everywhere")
    func counted() async throws {
        try await withOffice { app in
            try await limit(app, Self.office)
            for _ in 0..<5 {
                #expect(try await app.logIn("head", "wrong", from: Self.office).code == "IP_BLOCKED")
            }
            #expect(try await app.logIn("head", from: Self.office).code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("head", from: "198.51.100.8").status == 200)
        }
    }

    @Test(
        "at a blocked address administrators sign in and work; nobody else is served", arguments: DatabaseKind.available
    )
    func blocked(_ kind: DatabaseKind) async throws {
        try await withOffice(kind) { app in
            let patient = try await app.logIn("asha", from: Self.office).tokens
            try await block(app, Self.office)
            let admin = try await app.logIn("head", from: Self.office).tokens

            let paths = ["/api/auth/current-user", "/api/auth/check-availability"]
            for path in paths {
                for (token, status) in [(admin.accessToken, 200), (patient.accessToken, 403), (nil, 403)] {
                    let reply = try await app.send(.get, path, token: token, from: Self.office)
                    #expect(reply.status == status, "\(path)")
                    if status == 403 { #expect(reply.code == "IP_BLOCKED") }
                }
            }
            #expect(
                try await app.send(.get, "/api/admin/users", token: admin.accessToken, from: Self.office).status == 200)
            #expect(try await app.send(.get, paths[0], token: patient.accessToken, from: Self.elsewhere).status == 200)
            for name in ["asha", "nobody"] {
                #expect(try await app.logIn(name, from: Self.office).code == "IP_BLOCKED")
            }
            #expect(try await app.post("register", IdentityApp.form("meera"), from: Self.office).code == "IP_BLOCKED")
            let forgotten = try await app.post("forgot-password-otp", ["email": "head@example.org"], from: Self.office)
            #expect(forgotten.code == "IP_BLOCKED")
            #expect(try await app.send(.get, "/api/nothing", token: admin.accessToken, from: Self.office).status == 403)
            #expect(try await app.send(.delete, paths[1], token: admin.accessToken, from: Self.office).status == 403)
        }
    }

    @Test("at a blocked address administrators refresh; the tokens of others stay as they are")
    func refreshed() async throws {
        try await withOffice { app in
            let patient = try await app.logIn("asha").tokens
            let admin = try await app.logIn("head").tokens
            try await block(app, Self.office)
            app.clock.advance(by: .minutes(16))
            let stale = try await app.send(.get, "/api/auth/current-user", token: admin.accessToken, from: Self.office)
            #expect(stale.code == "TOKEN_EXPIRED")
            let refresh = ["refreshToken": admin.refreshToken]
            let renewed = try await app.post("refresh", refresh, from: Self.office).tokens
            let current = try await app.send(
                .get, "/api/auth/current-user", token: renewed.accessToken, from: Self.office)
            #expect(current.status == 200)
            for token in [patient.refreshToken, "nonsense", ""] {
                #expect(try await app.post("refresh", ["refreshToken": token], from: Self.office).code == "IP_BLOCKED")
            }
            app.clock.advance(by: .seconds(11))
            #expect(try await app.refresh(patient.refreshToken).status == 200)
        }
    }

    @Test("the second proof is an administrator's, too")
    func factor() async throws {
        try await withOffice { app in
            try await block(app, Self.office)
            let admin = try await app.addFactor(to: "head", try await app.logIn("head").tokens)
            let patient = try await app.registerWithFactor("meera")
            app.clock.advance(by: .minutes(1))
            func verify(_ token: String, _ code: String, from address: String? = Self.office) async throws -> Reply {
                try await app.post("second-factor/verify", ["challengeToken": token, "code": code], from: address)
            }
            let reply = try await app.logIn("head", from: Self.office)
            let due: ChallengeReply = try reply.decode()
            #expect(try await verify(due.challengeToken, "000000").code == "SECOND_FACTOR_INVALID")
            #expect(try await verify(due.challengeToken, admin.app.code(at: app.clock.now)).status == 200)

            let (others, code) = (try await app.challenge("meera"), patient.app.code(at: app.clock.now))
            #expect(try await verify(others, code).code == "IP_BLOCKED")
            #expect(try await verify("nonsense", "000000").code == "IP_BLOCKED")
            #expect(try await verify(others, code, from: nil).status == 200)
        }
    }

    @Test("a network that was not named changes nothing")
    func elsewhere() async throws {
        try await withOffice { app in
            let admin = try await app.logIn("head", from: Self.elsewhere).tokens
            try await block(app, Self.elsewhere)
            #expect(try await app.logIn("head", from: Self.elsewhere).code == "IP_BLOCKED")
            let reply = try await app.send(.get, "/api/admin/users", token: admin.accessToken, from: Self.elsewhere)
            #expect(reply.code == "IP_BLOCKED")
        }
    }
}
