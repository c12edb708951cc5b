import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import Identity

@Suite("Step-up")
struct StepUpTests {
    /// A route that asks for a fresh proof.
    private static func sensitive(_ app: IdentityApp, _ token: String) async throws -> Reply {
        try await app.post("second-factor/enroll", ["method": "TOTP"], token: token)
    }

    @Test("a sign-in is proof for five minutes, then the password is asked again", arguments: DatabaseKind.available)
    func password(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            app.clock.advance(by: .minutes(5))
            #expect(try await Self.sensitive(app, tokens.accessToken).status == 200)
            app.clock.advance(by: .seconds(1))
            let stale = try await Self.sensitive(app, tokens.accessToken)
            #expect(stale.status == 403)
            #expect(stale.code == "STEP_UP_REQUIRED")

            let wrong = try await app.post("step-up", ["password": "wrong"], token: tokens.accessToken)
            #expect(wrong.status == 400)
            #expect(wrong.code == "CURRENT_PASSWORD_WRONG")
            #expect(try await Self.sensitive(app, tokens.accessToken).code == "STEP_UP_REQUIRED")
            let right = try await app.post("step-up", ["password": IdentityApp.password], token: tokens.accessToken)
            #expect(right.status == 200)
            #expect(try await Self.sensitive(app, tokens.accessToken).status == 200)
            #expect(
                // Of one moment, so in no order.
                try await app.auditTrail().suffix(2).sorted()
                    == ["LOGIN SUCCESS STEP_UP", "LOGIN_FAILED DENIED CURRENT_PASSWORD_WRONG"])
        }
    }

    @Test("wrong passwords and codes count towards the lock of sign-ins", arguments: [true, false])
    func attempts(hasFactor: Bool) async throws {
        try await withIdentity(.sqlite) { app in
            let token =
                hasFactor
                ? try await app.registerWithFactor("asha").tokens.accessToken
                : try await app.register("asha").accessToken
            let wrong = hasFactor ? ["code": "000000"] : ["password": "wrong"]
            let address = "203.0.113.9"
            for _ in 0..<5 {
                #expect(try await app.post("step-up", wrong, token: token, from: address).status == 400)
            }
            #expect(try await app.post("step-up", wrong, token: token, from: address).code == "ACCOUNT_LOCKED")
            let login = ["username": "asha", "password": IdentityApp.password]
            #expect(try await app.post("login", login, from: address).code == "ACCOUNT_LOCKED")
        }
    }

    @Test("it counts for the one session, and outlives a refresh of it")
    func oneSession() async throws {
        try await withIdentity(.sqlite) { app in
            let first = try await app.register("asha")
            let second = try await app.logIn("asha").tokens
            app.clock.advance(by: .minutes(6))
            _ = try await app.post("step-up", ["password": IdentityApp.password], token: second.accessToken)
            #expect(try await Self.sensitive(app, first.accessToken).code == "STEP_UP_REQUIRED")
            let refreshed = try await app.refresh(second.refreshToken).tokens
            #expect(try await Self.sensitive(app, refreshed.accessToken).status == 200)
            let other = try await app.refresh(first.refreshToken).tokens
            #expect(try await Self.sensitive(app, other.accessToken).code == "STEP_UP_REQUIRED")
        }
    }

    @Test("with a factor, password and code are both proofs", arguments: DatabaseKind.available)
    func code(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            let token = asha.tokens.accessToken
            app.clock.advance(by: .minutes(6))
            #expect(try await app.post("step-up", [:], token: token).code == "CODE_REQUIRED")
            let wrong = try await app.post("step-up", ["password": "wrong"], token: token)
            #expect(wrong.code == "CURRENT_PASSWORD_WRONG")
            #expect(try await app.post("step-up", ["code": "000000"], token: token).code == "INVALID_OTP")
            // Of both, the code counts.
            let both = ["password": IdentityApp.password, "code": "000000"]
            #expect(try await app.post("step-up", both, token: token).code == "INVALID_OTP")
            #expect(try await Self.sensitive(app, token).code == "STEP_UP_REQUIRED")
            let right = try await app.post("step-up", ["password": IdentityApp.password], token: token)
            #expect(right.status == 200)
            #expect(try await Self.sensitive(app, token).status == 200)
            #expect(
                try await app.post("step-up", ["code": asha.app.code(at: app.clock.now)], token: token).status == 200)
            #expect(try await Self.sensitive(app, token).status == 200)
            app.clock.advance(by: .minutes(6))
            #expect(try await app.post("step-up", ["code": asha.recoveryCodes[0]], token: token).status == 200)
            #expect(try await Self.sensitive(app, token).status == 200)
        }
    }

    @Test("another process asks the database, so a proof counts on every node at once")
    func otherNode() async throws {
        try await withIdentity(.sqlite) { app in
            let tokens = try await app.register("asha")
            app.clock.advance(by: .minutes(6))
            try await app.withAnotherProcess { other in
                #expect(try await Self.sensitive(other, tokens.accessToken).code == "STEP_UP_REQUIRED")
                _ = try await app.post("step-up", ["password": IdentityApp.password], token: tokens.accessToken)
                #expect(try await Self.sensitive(other, tokens.accessToken).status == 200)
            }
        }
    }

    @Test("a request that gives neither is told which is missing")
    func neither() async throws {
        try await withIdentity(.sqlite) { app in
            let tokens = try await app.register("asha")
            let reply = try await app.post("step-up", [:], token: tokens.accessToken)
            #expect(reply.status == 400)
            #expect(reply.code == "PASSWORD_REQUIRED")
            #expect(reply.fields == ["password"])
        }
    }
}
