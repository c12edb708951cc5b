import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing
import WebAPI

@testable import Identity

@Suite("Sessions")
struct SessionTests {
    @Test("signing out ends the access token at once, and again is no error", arguments: DatabaseKind.available)
    func logout(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            try await app.feature.poller.poll()
            let tokens = try await app.register("asha")
            #expect(try await app.currentUser(tokens.accessToken).status == 200)
            for _ in 0..<2 {
                let reply = try await app.post("logout", ["refreshToken": tokens.refreshToken])
                #expect(reply.status == 200)
                struct Response: Decodable {
                    let message: String
                    let success: Bool
                }
                #expect(try reply.decode(Response.self).success)
            }
            #expect(try await app.currentUser(tokens.accessToken).code == "SESSION_REVOKED")
            #expect(try await app.refresh(tokens.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.auditTrail().filter { $0.hasPrefix("LOGOUT") } == ["LOGOUT SUCCESS LOGOUT"])
        }
    }

    @Test("signing out with a token that means nothing is no error", arguments: DatabaseKind.available)
    func unknownLogout(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let nothing = try await app.post("logout", ["refreshToken": ""])
            #expect(nothing.status == 400)
            for token in ["garbage", String(repeating: "x", count: 10_000)] {
                let ended = try await app.post("logout", ["refreshToken": token])
                #expect(ended.status == 200)
            }
            #expect(try await app.count("SELECT count(*) FROM audit_log") == 0)
        }
    }

    @Test(
        "signing out names the session by its refresh token; without one nothing ends",
        arguments: DatabaseKind.available)
    func logoutWithoutToken(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            for body in ["{}", #"{"refreshToken": null}"#] {
                for bearer in [token, "bad", nil] {
                    let reply = try await app.send(.post, "/api/auth/logout", raw: body, token: bearer)
                    #expect(reply.status == 400)
                    #expect(reply.code == "VALIDATION_FAILED")
                    #expect(reply.fields == ["refreshToken"])
                }
            }
            #expect(try await app.currentUser(token).status == 200)
        }
    }

    @Test("an expired, a foreign and a broken access token are told apart", arguments: DatabaseKind.available)
    func badTokens(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            #expect(try await app.currentUser(nil).code == "UNAUTHENTICATED")
            for broken in ["x", tokens.accessToken + "x", tokens.refreshToken, "a.b.c"] {
                let reply = try await app.currentUser(broken)
                #expect(reply.status == 401)
                #expect(reply.code == "TOKEN_INVALID")
                #expect(reply.challenge == "Bearer")
            }
            app.clock.advance(by: .minutes(16))
            let expired = try await app.currentUser(tokens.accessToken)
            #expect(expired.status == 401)
            #expect(expired.code == "TOKEN_EXPIRED")
        }
    }

    @Test("another process refuses an ended session after its next poll", arguments: DatabaseKind.available)
    func otherProcess(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            try await app.withAnotherProcess { other in
                try await other.feature.poller.poll()
                #expect(try await other.currentUser(tokens.accessToken).status == 200)
                _ = try await app.post("logout", ["refreshToken": tokens.refreshToken])
                try await other.feature.poller.poll()
                #expect(try await other.currentUser(tokens.accessToken).code == "SESSION_REVOKED")
            }
        }
    }

    @Test(
        "processes whose clocks are an hour apart learn of each other's ended sessions, also after a purge by either",
        arguments: DatabaseKind.available)
    func clocksApart(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { behind in
            try await behind.withAnotherProcess(clock: ManualTime(behind.clock.now + .hours(1))) { ahead in
                for (node, other) in [(behind, ahead), (ahead, behind)] {
                    let name = "asha\(node.clock.now.seconds)"
                    let token = try await node.register(name).accessToken
                    try await node.feature.poller.poll()
                    let caller = try await node.feature.authenticator.authenticate(token)
                    try await other.database.write { db in
                        try other.feature.endSessions(of: caller.userID, reason: .administrator, db: db)
                    }
                    // A node trusts its memory until it hears otherwise.
                    #expect(try await node.currentUser(token).status == 200)
                    try await other.feature.poller.purge()
                    try await node.feature.poller.purge()
                    try await node.feature.poller.poll()
                    #expect(try await node.currentUser(token).code == "SESSION_REVOKED")
                }
            }
        }
    }

    @Test("a process whose poll has stopped asks the database", arguments: DatabaseKind.available)
    func staleCache(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            try await app.withAnotherProcess { other in
                try await other.feature.poller.poll()
                #expect(try await other.currentUser(tokens.accessToken).status == 200)
                _ = try await app.post("logout", ["refreshToken": tokens.refreshToken])
                other.clock.advance(by: .milliseconds(2_001))
                #expect(try await other.currentUser(tokens.accessToken).code == "SESSION_REVOKED")
            }
        }
    }

    @Test("a cached session costs no look-up", arguments: DatabaseKind.available)
    func cached(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            try await app.feature.poller.poll()
            _ = try await app.feature.authenticator.authenticate(tokens.accessToken)
            // Without a trace for the poll, so that only a look-up could notice it.
            _ = try await app.database.write { db in
                try db.run("UPDATE sessions SET ended_at = created_at")
            }
            let principal = try await app.feature.authenticator.authenticate(tokens.accessToken)
            #expect(principal.username == "asha")
            #expect(principal.role == .patient)
        }
    }

    @Test("ending an account's sessions takes effect with the commit only", arguments: DatabaseKind.available)
    func endSessions(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = [try await app.register("asha"), try await app.logIn("asha").tokens]
            let other = try await app.register("ravi")
            try await app.feature.poller.poll()
            let user = try await app.feature.authenticator.authenticate(tokens[0].accessToken).userID
            struct Undo: Error {}
            await #expect(throws: Undo.self) {
                try await app.database.write { db in
                    try app.feature.endSessions(of: user, reason: .administrator, db: db)
                    throw Undo()
                }
            }
            for token in tokens { #expect(try await app.currentUser(token.accessToken).status == 200) }
            try await app.database.write { db in
                try app.feature.endSessions(of: user, reason: .administrator, db: db)
            }
            for token in tokens { #expect(try await app.currentUser(token.accessToken).code == "SESSION_REVOKED") }
            #expect(try await app.currentUser(other.accessToken).status == 200)
            #expect(try await app.count("SELECT count(*) FROM revocations") == 2)
        }
    }

    @Test(
        "a change of a generated password reaches remembered sessions on every node", arguments: DatabaseKind.available)
    func generatedPassword(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let made = try await app.feature.createAdmin(username: "head", email: "head@example.org", password: nil)
            let password = try #require(made.generatedPassword)
            let token = try await app.logIn("head", password).tokens.accessToken
            try await app.withAnotherProcess { other in
                for node in [app, other] {
                    try await node.feature.poller.poll()
                    #expect(try await node.feature.authenticator.authenticate(token).mustChangePassword)
                }
                let change = [
                    "currentPassword": password, "newPassword": "Green-Teapot-77", "confirmPassword": "Green-Teapot-77",
                ]
                #expect(try await app.post("change-password", change, token: token).status == 200)
                try await other.feature.poller.poll()
                for node in [app, other] {
                    #expect(try await !node.feature.authenticator.authenticate(token).mustChangePassword)
                }
            }
        }
    }

    @Test("activity is written at most once a minute, beside the requests", arguments: DatabaseKind.available)
    func activity(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let poller = app.feature.poller
            let tokens = try await app.register("asha")
            let begun = app.clock.now
            for (seconds, written) in [(30, 0), (29, 0), (1, 60), (30, 60), (30, 120)] as [(Int64, Int64)] {
                app.clock.advance(by: .seconds(seconds))
                try await poller.poll()
                _ = try await app.feature.authenticator.authenticate(tokens.accessToken)
                try await poller.writeActivity()
                let at: Instant? = try await app.database.read { db in
                    try db.value("SELECT last_activity_at FROM sessions")
                }
                #expect(at == begun + .seconds(written))
            }
        }
    }

    @Test("what is no longer needed is purged", arguments: DatabaseKind.available)
    func purge(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            _ = try await app.post("logout", ["refreshToken": tokens.refreshToken])
            app.clock.advance(by: .days(2))
            try await app.feature.poller.purge()
            // By the database's clock it is new.
            #expect(try await app.count("SELECT count(*) FROM revocations") == 1)
            try await app.database.write { db in
                let earlier: SQL = kind == .postgres ? "at - interval '61 minutes'" : "at - 3660000000"
                try db.run("UPDATE revocations SET at = \(earlier)")
            }
            try await app.feature.poller.purge()
            #expect(try await app.count("SELECT count(*) FROM revocations") == 0)
            #expect(try await app.count("SELECT count(*) FROM sessions") == 1)
            app.clock.advance(by: .days(119))
            try await app.feature.poller.purge()
            #expect(try await app.count("SELECT count(*) FROM sessions") == 0)
        }
    }

    @Test("the cache holds no more than its limit and forgets what is not asked for")
    func cacheLimit() throws {
        let cache = SessionCache(limit: 4)
        let now = Instant(seconds: 1_000)
        cache.apply(ended: [], polledAt: now)
        for id in Int64(1)...6 { cache.insert(live(id, at: now), now: now, ifRemovalsAre: 0) }
        let kept = (Int64(1)...6).filter { cache.principal(of: SessionID($0), now: now) != nil }
        #expect(kept.count <= 4)
        #expect(kept.contains(6))
    }

    @Test("what was read before a session ended is not put into the cache after")
    func lateInsert() throws {
        let cache = SessionCache()
        let now = Instant(seconds: 1_000)
        cache.apply(ended: [], polledAt: now)
        let removals = cache.removals
        cache.drop([SessionID(1)])
        cache.insert(live(1, at: now), now: now, ifRemovalsAre: removals)
        #expect(cache.principal(of: SessionID(1), now: now) == nil)
    }

    private func live(_ id: Int64, at now: Instant) -> LiveSession {
        LiveSession(
            principal: Principal(userID: UserID(id), username: "u\(id)", role: .patient, sessionID: SessionID(id)),
            expiresAt: now + .days(1), lastActivityAt: now)
    }
}
