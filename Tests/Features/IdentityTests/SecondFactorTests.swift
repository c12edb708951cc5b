import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import Identity

@Suite("Second factor")
struct SecondFactorTests {
    @Test("with a factor the password alone opens no session; the app's code does", arguments: DatabaseKind.available)
    func signIn(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .seconds(60))
            let before = try await app.count("SELECT count(*) FROM sessions")
            let token = try await app.challenge("asha")
            #expect(try await app.count("SELECT count(*) FROM sessions") == before)
            let login: Instant? = try await app.database.read { db in try db.value("SELECT last_login_at FROM users") }
            #expect(login == app.clock.now - .seconds(60))

            let tokens = try await app.verify(token, asha.app.code(at: app.clock.now)).tokens
            #expect(tokens.username == "asha")
            #expect(tokens.message == "Login successful")
            #expect(try await app.currentUser(tokens.accessToken).status == 200)
            let later: Instant? = try await app.database.read { db in try db.value("SELECT last_login_at FROM users") }
            #expect(later == app.clock.now)
            #expect(
                try await app.auditTrail().suffix(2).sorted() == [
                    "LOGIN DENIED SECOND_FACTOR_REQUIRED", "LOGIN SUCCESS SECOND_FACTOR",
                ])

            let refreshed = try await app.refresh(tokens.refreshToken)
            #expect(refreshed.status == 200)
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).code == "CHALLENGE_INVALID")
        }
    }

    @Test("a code counts once, also for parallel requests", arguments: DatabaseKind.available)
    func once(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            #expect(
                try await app.verify(try await app.challenge("asha"), asha.app.code(at: app.clock.now)).code
                    == "SECOND_FACTOR_INVALID", "the enrolment used it")
            app.clock.advance(by: .seconds(30))
            let code = asha.app.code(at: app.clock.now)
            var challenges: [String] = []
            for _ in 0..<5 { challenges.append(try await app.challenge("asha")) }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for token in challenges { group.addTask { try await app.verify(token, code).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 401, 401, 401, 401])
        }
    }

    @Test("the codes beside the present one count, those further off do not", arguments: [-60, -30, 0, 30, 60])
    func drift(seconds: Int) async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .minutes(5))
            let code = asha.app.code(at: app.clock.now + .seconds(Int64(seconds)))
            let reply = try await app.verify(try await app.challenge("asha"), code)
            #expect(reply.status == (abs(seconds) <= 30 ? 200 : 401))
        }
    }

    @Test(
        "a challenge allows five attempts, wrong or in parallel, within five minutes", arguments: DatabaseKind.available
    )
    func attempts(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .seconds(60))
            let token = try await app.challenge("asha")
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<8 { group.addTask { try await app.verify(token, "000000").code } }
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.filter { $0 == "SECOND_FACTOR_INVALID" }.count == 5)
            #expect(codes.filter { $0 == "CHALLENGE_INVALID" || $0 == "ACCOUNT_LOCKED" }.count == 3)
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).code == "ACCOUNT_LOCKED")
            // Without the lock of the source the challenge itself is spent.
            _ = try await app.database.write { db in try db.run("DELETE FROM sign_in_attempts") }
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).code == "CHALLENGE_INVALID")

            let late = try await app.challenge("asha")
            app.clock.advance(by: .minutes(5))
            #expect(try await app.verify(late, asha.app.code(at: app.clock.now)).code == "CHALLENGE_INVALID")
            for token in ["", "x", String(repeating: "A", count: 43)] {
                let reply = try await app.verify(token, "123456")
                #expect(reply.status == (token.isEmpty ? 400 : 401))
            }
        }
    }

    @Test("ten wrong codes lock the factor for 15 minutes, wherever they come from")
    func locked() async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .seconds(60))
            func verify(_ code: String, from address: String) async throws -> Reply {
                let body = ["challengeToken": try await app.challenge("asha"), "code": code]
                return try await app.post("second-factor/verify", body, from: address)
            }
            for address in ["203.0.113.1", "203.0.113.2"] {
                for _ in 0..<5 { #expect(try await verify("000000", from: address).status == 401) }
                #expect(try await verify("000000", from: address).code == "ACCOUNT_LOCKED")
            }
            let reply = try await verify(asha.app.code(at: app.clock.now), from: "203.0.113.3")
            #expect(reply.status == 429)
            #expect(reply.code == "ACCOUNT_LOCKED")
            app.clock.advance(by: .minutes(15))
            #expect(try await verify(asha.app.code(at: app.clock.now), from: "203.0.113.3").status == 200)
        }
    }

    @Test(
        "ten wrong codes of a stranger do not keep a recovery code out, and wrong ones of those lock their source",
        arguments: DatabaseKind.available)
    func recoveryAfterLock(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .seconds(60))
            func verify(_ code: String, from address: String) async throws -> Reply {
                let body = ["challengeToken": try await app.challenge("asha"), "code": code]
                return try await app.post("second-factor/verify", body, from: address)
            }
            for address in ["203.0.113.1", "203.0.113.2"] {
                for _ in 0..<5 { #expect(try await verify("000000", from: address).status == 401) }
            }
            // Wrong recovery codes lock out like other wrong codes.
            for _ in 0..<5 {
                #expect(try await verify("AAAA-BBBB-CCCC-DDDD", from: "203.0.113.3").code == "SECOND_FACTOR_INVALID")
            }
            #expect(try await verify(asha.recoveryCodes[0], from: "203.0.113.3").code == "ACCOUNT_LOCKED")

            let owner = "198.51.100.7"
            #expect(try await verify(asha.app.code(at: app.clock.now), from: owner).code == "ACCOUNT_LOCKED")
            #expect(try await verify(asha.recoveryCodes[0], from: owner).status == 200)
            // The stranger has no more attempts at the app's code than before.
            #expect(try await verify("000000", from: "203.0.113.4").code == "ACCOUNT_LOCKED")
        }
    }

    @Test("each recovery code opens one session, also for parallel requests", arguments: DatabaseKind.available)
    func recovery(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let asha = try await app.registerWithFactor("asha")
            #expect(Set(asha.recoveryCodes).count == 10)
            #expect(asha.recoveryCodes.allSatisfy { $0.wholeMatch(of: /[A-Z2-7]{4}(-[A-Z2-7]{4}){3}/) != nil })
            let typed = asha.recoveryCodes[3].lowercased().replacing("-", with: " ")
            var challenges: [String] = []
            for _ in 0..<4 { challenges.append(try await app.challenge("asha")) }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for token in challenges { group.addTask { try await app.verify(token, typed).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 401, 401, 401])
            #expect(try await app.auditTrail().filter { $0.hasSuffix("RECOVERY_CODE_USED") }.count == 1)

            let renewed = try await app.post("second-factor/recovery-codes", [:], token: asha.tokens.accessToken)
            let fresh: RecoveryCodes = try renewed.decode()
            #expect(Set(fresh.recoveryCodes).isDisjoint(with: asha.recoveryCodes))
            #expect(try await app.verify(try await app.challenge("asha"), asha.recoveryCodes[5]).status == 401)
            #expect(try await app.verify(try await app.challenge("asha"), fresh.recoveryCodes[5]).status == 200)
        }
    }

    @Test("another account's codes open nothing")
    func foreign() async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            _ = try await app.registerWithFactor("ravi")
            app.clock.advance(by: .seconds(60))
            let token = try await app.challenge("ravi")
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).status == 401)
            #expect(try await app.verify(token, asha.recoveryCodes[0]).status == 401)
        }
    }

    @Test("a password changed, or an account deactivated, voids the open challenge")
    func voided() async throws {
        try await withIdentity(.sqlite) { app in
            let asha = try await app.registerWithFactor("asha")
            app.clock.advance(by: .seconds(60))
            let token = try await app.challenge("asha")
            let change = [
                "currentPassword": IdentityApp.password, "newPassword": "green teapot 77",
                "confirmPassword": "green teapot 77",
            ]
            #expect(try await app.post("change-password", change, token: asha.tokens.accessToken).status == 200)
            #expect(try await app.verify(token, asha.app.code(at: app.clock.now)).code == "CHALLENGE_INVALID")
            let reply = try await app.logIn("asha", "green teapot 77")
            let second = try reply.decode(ChallengeReply.self).challengeToken
            try await app.deactivate("asha")
            #expect(try await app.verify(second, asha.app.code(at: app.clock.now)).code == "CHALLENGE_INVALID")
        }
    }

    @Test("neither the app's secret, nor recovery codes, nor challenge tokens are stored as they are")
    func stored() async throws {
        try await withIdentity(.sqlite) { app in
            let tokens = try await app.register("asha")
            let reply = try await app.post("second-factor/enroll", ["method": "TOTP"], token: tokens.accessToken)
            let enrollment: Enrollment = try reply.decode()
            let secret = try #require(enrollment.secret)
            #expect(secret.count == 32)
            #expect(enrollment.otpauthUri?.contains("secret=\(secret)&") == true)
            #expect(enrollment.qrSvg?.hasPrefix("data:image/svg+xml;base64,") == true)
            #expect(enrollment.qrPng?.hasPrefix("data:image/png;base64,") == true)
            let phone = try AuthenticatorApp(secret: secret)
            let codes = try await app.confirm(phone.code(at: app.clock.now), tokens.accessToken)
                .decode(RecoveryCodes.self).recoveryCodes
            let token = try await app.challenge("asha")
            let kept = try await app.database.read { db in
                var kept = ""
                try db.query(
                    """
                    SELECT hex(secret) AS kept FROM second_factors UNION ALL SELECT hex(code_hash) FROM recovery_codes
                    UNION ALL SELECT hex(token_hash) FROM sign_in_challenges
                    """
                ) { row in
                    let text: String = try row.value("kept")
                    kept += text + "\n"
                }
                return kept.lowercased()
            }
            #expect(kept.split(separator: "\n").count == 12)
            func hex(_ bytes: some Sequence<UInt8>) -> String { Hex.text(bytes) }
            for text in [secret, token] + codes + codes.map({ $0.replacing("-", with: "") }) {
                #expect(!kept.contains(hex(text.utf8)))
            }
            #expect(try await app.count("SELECT count(*) FROM factor_enrolments") == 0)
        }
    }
}
