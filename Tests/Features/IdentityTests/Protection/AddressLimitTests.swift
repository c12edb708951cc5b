import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Identity

@Suite("Addresses whose sign-ins fail too often")
struct AddressLimitTests {
    private static let clinic = "198.51.100.7"

    /// Wrong passwords for invented names, so many for each.
    private func fail(_ app: IdentityApp, _ counts: [Int], from address: String = clinic) async throws {
        for (name, count) in counts.enumerated() {
            for _ in 0..<count {
                #expect(try await app.logIn("stranger\(name)", "wrong", from: address).status == 401)
            }
        }
    }

    @Test("30 failures over 5 accounts close sign-in to the address for an hour", arguments: DatabaseKind.available)
    func limits(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            try await fail(app, [5, 5, 5, 5, 5, 4])
            #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
            #expect(try await app.logIn("stranger9", "wrong", from: Self.clinic).status == 401)
            let refused = try await app.logIn("asha", from: Self.clinic)
            #expect(refused.status == 403)
            #expect(refused.code == "IP_BLOCKED")
            #expect(refused.retryAfter == "3600")
            #expect(try await app.logIn("nobody", "wrong", from: Self.clinic).code == "IP_BLOCKED")
            // Nothing but signing in is closed, and to nobody else.
            let current = try await app.send(.get, "/api/auth/current-user", token: token, from: Self.clinic)
            #expect(current.status == 200)
            #expect(try await app.logIn("asha", from: "198.51.100.8").status == 200)
            #expect(try await app.auditTrail().filter { $0 == "LOGIN_FAILED DENIED IP_BLOCKED" }.count == 1)

            app.clock.advance(by: .minutes(59))
            #expect(try await app.logIn("asha", from: Self.clinic).retryAfter == "60")
            app.clock.advance(by: .minutes(1))
            #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
        }
    }

    @Test("fewer accounts, fewer failures or more time do not", arguments: DatabaseKind.available)
    func patience(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            try await fail(app, [5, 5, 5, 5])
            app.clock.advance(by: .minutes(15))
            try await fail(app, [5, 5, 5, 5])
            #expect(try await app.logIn("asha", from: Self.clinic).status == 200)
        }
        let rule = AddressRule()
        let now = Instant(seconds: 1_000_000)
        func failures(_ counts: [Int], ago minutes: Int64 = 0) -> [[Instant]] {
            counts.map { Array(repeating: now - .minutes(minutes), count: $0) }
        }
        #expect(!rule.isBroken(by: failures([10, 10, 10, 10]), at: now))
        #expect(!rule.isBroken(by: failures([5, 5, 5, 5, 5, 4]), at: now))
        #expect(rule.isBroken(by: failures([5, 5, 5, 5, 5, 5]), at: now))
        #expect(rule.isBroken(by: failures([26, 1, 1, 1, 1], ago: 14), at: now))
        #expect(!rule.isBroken(by: failures([26, 1, 1, 1, 1], ago: 15), at: now))
        #expect(!rule.isBroken(by: failures([40]) + failures([9, 9, 9, 9], ago: 16), at: now))
    }

    @Test("a known device still signs in", arguments: DatabaseKind.available)
    func knownDevice(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Front desk").status == 200)
            try await fail(app, [5, 5, 5, 5, 5, 5])
            #expect(try await app.logIn("asha", from: Self.clinic).code == "IP_BLOCKED")
            #expect(try await app.logIn("asha", "wrong", from: Self.clinic, agent: "Front desk").status == 401)
            #expect(try await app.logIn("asha", from: Self.clinic, agent: "Front desk").status == 200)
            #expect(try await app.logIn("nobody", from: Self.clinic, agent: "Front desk").code == "IP_BLOCKED")
        }
    }

    @Test("the machine itself is exempt in development only", arguments: [true, false])
    func loopback(isDevelopment: Bool) async throws {
        let settings = IdentitySettings(exemptsLoopback: isDevelopment)
        try await withIdentity(.sqlite, settings: settings) { app in
            _ = try await app.register("asha")
            try await fail(app, [5, 5, 5, 5, 5, 5], from: "127.0.0.1")
            #expect(try await app.logIn("asha", from: "127.0.0.1").status == (isDevelopment ? 200 : 403))
            // But never from the lockout of an account.
            let locked = try await app.logIn("stranger0", from: "127.0.0.1")
            #expect(locked.code == (isDevelopment ? "ACCOUNT_LOCKED" : "IP_BLOCKED"))
        }
    }

    @Test(
        "administrators see limited addresses among the blocked ones and lift them", arguments: DatabaseKind.available)
    func lifted(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let made = try await app.feature.createAdmin(
                username: "head", email: "head@example.org", password: IdentityApp.password)
            let token = try await app.logIn(made.username).tokens.accessToken
            struct Blocked: Decodable, Equatable {
                let id: Int64
                let ipAddress: String
                let expiresAt: String
            }
            func list() async throws -> [Blocked] {
                try await app.send(.get, "/api/admin/blocked-ips?page=0", token: token).decode()
            }
            let block = "/api/admin/block-ip?ipAddress=203.0.113.1"
            #expect(try await app.send(.post, block, raw: "{}", token: token).status == 200)
            app.clock.advance(by: .seconds(1))
            for address in ["2001:db8:0:7::1", Self.clinic] {
                try await fail(app, [5, 5, 5, 5, 5, 5], from: address)
                app.clock.advance(by: .seconds(1))
            }
            let blocked = try await list()
            #expect(blocked.map(\.ipAddress) == [Self.clinic, "2001:db8:0:7::", "203.0.113.1"])
            #expect(blocked.map { $0.id < 0 } == [true, true, false])
            for address in ["2001:db8:0:7::99", Self.clinic] {
                let path = "/api/admin/blocked-ips/\(address)"
                #expect(try await app.send(.delete, path, token: token).status == 200)
                #expect(try await app.send(.delete, path, token: token).code == "IP_NOT_BLOCKED")
                #expect(try await app.logIn("head", from: address).status == 200)
            }
            #expect(try await list().map(\.ipAddress) == ["203.0.113.1"])
        }
    }

    @Test("of many failures at once one closes the address", arguments: DatabaseKind.available)
    func race(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in 0..<40 {
                    group.addTask { _ = try await app.logIn("stranger\(name)", "wrong", from: Self.clinic) }
                }
                try await group.waitForAll()
            }
            _ = try await app.logIn("stranger40", "wrong", from: Self.clinic)
            #expect(try await app.logIn("stranger41", "wrong", from: Self.clinic).code == "IP_BLOCKED")
            #expect(try await app.count("SELECT count(*) FROM address_limits") == 1)
        }
    }
}
