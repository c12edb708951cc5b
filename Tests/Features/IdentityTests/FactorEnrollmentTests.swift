import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import Identity

@Suite("Setting up a second factor")
struct FactorEnrollmentTests {
    @Test("of recovery codes that are made at once, one set counts", arguments: DatabaseKind.available)
    func renewedAtOnce(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await app.post("second-factor/recovery-codes", [:], token: asha.tokens.accessToken).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses == [200, 200, 200, 200, 200, 200])
            #expect(try await app.count("SELECT count(*) FROM recovery_codes") == 10)
        }
    }

    private static let optional = IdentitySettings()
    private static let required = IdentitySettings(adminFactorRequired: true)

    private static func admin(_ app: IdentityApp) async throws -> Tokens {
        _ = try await app.feature.createAdmin(
            username: "root", email: "root@example.org", password: IdentityApp.password)
        return try await app.logIn("root").tokens
    }

    @Test("nothing changes until the first code; then the other sessions end", arguments: DatabaseKind.available)
    func confirm(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let first = try await app.register("asha")
            let second = try await app.logIn("asha").tokens
            let phone = try await app.enroll(second.accessToken)
            #expect(try await app.logIn("asha").status == 200)
            #expect(try await app.confirm("000000", second.accessToken).fields == ["code"])
            #expect(try await app.confirm(phone.code(at: app.clock.now), second.accessToken).status == 200)
            #expect(try await app.currentUser(first.accessToken).code == "SESSION_REVOKED")
            #expect(try await app.refresh(first.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.currentUser(second.accessToken).status == 200)
            #expect(try await app.logIn("asha").code == "SECOND_FACTOR_REQUIRED")
        }
    }

    @Test("an enrolment ends after five wrong codes, and after ten minutes")
    func enrolmentEnds() async throws {
        try await withIdentity(.sqlite) { app in
            let tokens = try await app.register("asha")
            #expect(try await app.confirm("123456", tokens.accessToken).code == "NO_ENROLMENT")
            let phone = try await app.enroll(tokens.accessToken)
            for _ in 0..<5 { #expect(try await app.confirm("000000", tokens.accessToken).code == "INVALID_OTP") }
            #expect(try await app.confirm(phone.code(at: app.clock.now), tokens.accessToken).code == "NO_ENROLMENT")
            let again = try await app.enroll(tokens.accessToken)
            app.clock.advance(by: .minutes(10))
            #expect(try await app.confirm(again.code(at: app.clock.now), tokens.accessToken).code == "NO_ENROLMENT")
        }
    }

    @Test("another app takes the place of the first one once it is confirmed")
    func replaced() async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            let phone = try await app.enroll(asha.tokens.accessToken)
            app.clock.advance(by: .seconds(60))
            let code = asha.app.code(at: app.clock.now)
            #expect(try await app.verify(try await app.challenge("asha"), code).status == 200)
            #expect(try await app.confirm(phone.code(at: app.clock.now), asha.tokens.accessToken).status == 200)
            app.clock.advance(by: .seconds(60))
            let token = try await app.challenge("asha")
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).status == 401)
            #expect(try await app.verify(token, asha.recoveryCodes[0]).status == 401)
            #expect(try await app.verify(token, phone.code(at: app.clock.now)).status == 200)
        }
    }

    @Test("it can be switched off again, where it is not mandatory")
    func removed() async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            let path = "/api/auth/second-factor"
            #expect(try await app.send(.delete, path, token: asha.tokens.accessToken).status == 200)
            #expect(try await app.send(.delete, path, token: asha.tokens.accessToken).code == "NO_SECOND_FACTOR")
            #expect(try await app.logIn("asha").status == 200)
            #expect(try await app.count("SELECT count(*) FROM recovery_codes") == 0)
            let codes = try await app.post("second-factor/recovery-codes", [:], token: asha.tokens.accessToken)
            #expect(codes.code == "NO_SECOND_FACTOR")
        }
    }

    @Test("an administrator who needs a factor is led to it before anything else", arguments: DatabaseKind.available)
    func mandatory(kind: DatabaseKind) async throws {
        try await withIdentity(kind, settings: Self.required) { app in
            let tokens = try await Self.admin(app)
            #expect(tokens.message == "Signed in. Set up a second factor now.")
            let users = "/api/admin/users"
            let refused = try await app.send(.get, users, token: tokens.accessToken)
            #expect(refused.status == 403)
            #expect(refused.code == "SECOND_FACTOR_ENROLLMENT_REQUIRED")
            #expect(try await app.send(.get, "/api/auth/sessions", token: tokens.accessToken).status == 403)
            #expect(try await app.currentUser(tokens.accessToken).status == 200)

            let phone = try await app.enroll(tokens.accessToken)
            #expect(try await app.confirm(phone.code(at: app.clock.now), tokens.accessToken).status == 200)
            #expect(try await app.send(.get, users, token: tokens.accessToken).status == 200)
            let off = try await app.send(.delete, "/api/auth/second-factor", token: tokens.accessToken)
            #expect(off.code == "SECOND_FACTOR_MANDATORY")

            app.clock.advance(by: .seconds(60))
            let again = try await app.verify(try await app.challenge("root"), phone.code(at: app.clock.now)).tokens
            #expect(again.message == "Login successful")
            #expect(try await app.send(.get, users, token: again.accessToken).status == 200)
            let patient = try await app.register("asha")
            #expect(try await app.send(.get, "/api/auth/sessions", token: patient.accessToken).status == 200)
        }
    }

    @Test("where it is optional an administrator works without one")
    func optionalForAdmin() async throws {
        try await withIdentity(.sqlite, settings: Self.optional) { app in
            let tokens = try await Self.admin(app)
            #expect(try await app.send(.get, "/api/admin/users", token: tokens.accessToken).status == 200)
        }
    }

    @Test("unknown methods and empty codes are refused by their names")
    func badInput() async throws {
        try await withIdentity(.sqlite) { app in
            let tokens = try await app.register("asha")
            let unknown = try await app.post("second-factor/enroll", ["method": "SMOKE"], token: tokens.accessToken)
            #expect(unknown.status == 400)
            #expect(unknown.fields == ["method"])
            #expect(try await app.confirm("", tokens.accessToken).fields == ["code"])
            let long = String(repeating: "1", count: 65)
            #expect(try await app.confirm(long, tokens.accessToken).fields == ["code"])
            #expect(try await app.verify("x", "").fields == ["code"])
        }
    }
}
