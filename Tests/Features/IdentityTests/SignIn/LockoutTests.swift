import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Identity

@Suite("Lockout")
struct LockoutTests {
    private static let clinic = "198.51.100.7"
    private static let elsewhere = "203.0.113.9"

    @Test(
        "five wrong passwords lock the account for that address, and waiting helps", arguments: DatabaseKind.available)
    func locks(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for _ in 0..<5 { #expect(try await app.logIn("asha", "wrong", from: Self.clinic).status == 401) }
            let locked = try await app.logIn("asha", from: Self.clinic)
            #expect(locked.status == 429)
            #expect(locked.code == "ACCOUNT_LOCKED")
            #expect(locked.retryAfter == "900")
            #expect(try await app.logIn("ASHA", from: Self.elsewhere).status == 200)

            // Trying on does not make it longer, nor leave anything behind.
            let rows = try await app.auditTrail().count
            app.clock.advance(by: .minutes(14))
            for _ in 0..<7 { #expect(try await app.logIn("asha", "wrong", from: Self.clinic).retryAfter == "60") }
            #expect(try await app.auditTrail().count == rows)
            app.clock.advance(by: .seconds(60))
            #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
            #expect(try await app.remembered() == 0)
        }
    }

    @Test("the second lock lasts 30 minutes, and each lock is audited once", arguments: DatabaseKind.available)
    func repeated(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for seconds in ["900", "1800"] {
                for _ in 0..<5 { _ = try await app.logIn("asha", "wrong", from: Self.clinic) }
                #expect(try await app.logIn("asha", from: Self.clinic).retryAfter == seconds)
                app.clock.advance(by: .minutes(15))
            }
            let locks = try await app.auditTrail().filter { $0 == "LOGIN_FAILED DENIED ACCOUNT_LOCKED" }
            #expect(locks.count == 2)
        }
    }

    @Test("a user name nobody has is locked like any other", arguments: DatabaseKind.available)
    func unknown(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            func answers(_ name: String) async throws -> [String] {
                var answers: [String] = []
                for _ in 0..<6 {
                    let reply = try await app.logIn(name, "wrong", from: Self.clinic)
                    let text = reply.text.replacing(/"(requestId|timestamp)":"[^"]*"/, with: "")
                    answers.append("\(reply.status) \(reply.retryAfter ?? "") \(text)")
                }
                return answers
            }
            let known = try await answers("asha")
            #expect(try await answers("nobody") == known)
            #expect(try await answers("no body's name") == known)
            let rows = try await app.count("SELECT count(*) FROM sign_in_attempts")
            #expect(rows == 3)
            #expect(try await app.logIn(String(repeating: "x", count: 101), "wrong", from: Self.clinic).status == 400)
            #expect(try await app.count("SELECT count(*) FROM sign_in_attempts") == rows)
            let clear = try await app.count("SELECT count(*) FROM sign_in_attempts WHERE account_key LIKE '%body%'")
            #expect(clear == 0)
        }
    }

    @Test("a success forgets the wrong ones before it", arguments: DatabaseKind.available)
    func success(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for _ in 0..<3 {
                for _ in 0..<4 { #expect(try await app.logIn("asha", "wrong", from: Self.clinic).status == 401) }
                #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
            }
        }
    }

    @Test(
        "a device the account was used on stays free when a stranger beside it is locked",
        arguments: DatabaseKind.available)
    func knownDevice(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Phone of Asha").status == 200)
            for _ in 0..<5 { _ = try await app.logIn("asha", "wrong", from: Self.clinic, agent: "Laptop") }
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Laptop").code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("asha", from: Self.clinic).code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Phone of Asha").status == 200)
            // The device has attempts of its own, and they are as few.
            for _ in 0..<5 { _ = try await app.logIn("asha", "wrong", from: Self.clinic, agent: "Phone of Asha") }
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Phone of Asha").code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("asha", from: Self.elsewhere, agent: "Phone of Asha").status == 200)
        }
    }

    @Test(
        "a device is not known for its address alone, nor after its sign-in was undone as suspect",
        arguments: DatabaseKind.available)
    func unknownDevice(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Phone").status == 200)
            #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
            for _ in 0..<5 { _ = try await app.logIn("asha", "wrong", from: Self.clinic, agent: "Laptop") }
            #expect(try await app.logIn("asha", from: Self.clinic).code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Laptop").code == "ACCOUNT_LOCKED")
            try await app.database.write { db in
                guard let account = try IdentityFeature.account(named: "asha", db: db) else { return }
                try app.feature.endSessions(of: account.id, reason: .administrator, db: db)
            }
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Phone").code == "ACCOUNT_LOCKED")
        }
    }

    @Test("an IPv6 network is one source", arguments: DatabaseKind.available)
    func network(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for host in 1...5 { _ = try await app.logIn("asha", "wrong", from: "2001:db8:0:7::\(host)") }
            #expect(try await app.logIn("asha", from: "2001:db8:0:7:ffff::1").code == "ACCOUNT_LOCKED")
            #expect(try await app.logIn("asha", from: "2001:db8:0:8::1").status == 200)
        }
    }

    @Test("a wrong current password counts, too", arguments: DatabaseKind.available)
    func changePassword(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            let change = [
                "currentPassword": "wrong", "newPassword": "Green-Teapot-77", "confirmPassword": "Green-Teapot-77",
            ]
            for _ in 0..<3 {
                let refused = try await app.post("change-password", change, token: token)
                #expect(refused.status == 400)
                #expect(refused.code == "CURRENT_PASSWORD_WRONG")
            }
            for _ in 0..<2 { #expect(try await app.logIn("asha", "wrong").status == 401) }
            let locked = try await app.post("change-password", change, token: token)
            #expect(locked.status == 429)
            #expect(locked.code == "ACCOUNT_LOCKED")
            #expect(try await app.currentUser(token).status == 200)
        }
    }

    @Test("a recovered account is free again everywhere", arguments: DatabaseKind.available)
    func recovered(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for name in ["asha", "ravi"] { _ = try await app.register(name) }
            for address in [Self.clinic, Self.elsewhere] {
                for name in ["asha", "ravi"] {
                    for _ in 0..<5 { _ = try await app.logIn(name, "wrong", from: address) }
                }
            }
            try await app.database.write { db in try app.feature.signInGuard.clear("Asha", db: db) }
            for address in [Self.clinic, Self.elsewhere] {
                #expect(try await app.logIn("asha", from: address).status == 200)
                #expect(try await app.logIn("ravi", from: address).code == "ACCOUNT_LOCKED")
            }
        }
    }

    @Test("what is over is purged", arguments: DatabaseKind.available)
    func purge(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            _ = try await app.logIn("asha", "wrong", from: Self.elsewhere)
            for _ in 0..<5 { _ = try await app.logIn("asha", "wrong", from: Self.clinic) }
            for (wait, left) in [(TimeSpan.minutes(14), 2), (.minutes(1), 1), (.hours(23), 1), (.hours(2), 0)] {
                app.clock.advance(by: wait)
                try await app.feature.poller.purge()
                #expect(try await app.count("SELECT count(*) FROM sign_in_attempts") == left)
            }
        }
    }
}
