import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Cryptography
@testable import Identity

@Suite("Refresh")
struct RefreshTests {
    @Test("a refresh gives a new pair of tokens of the same session", arguments: DatabaseKind.available)
    func rotation(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let first = try await app.register("asha")
            var seen: Set<String> = [first.refreshToken]
            var token = first.refreshToken
            for _ in 0..<5 {
                let next = try await app.refresh(token).tokens
                #expect(next.message == nil)
                #expect(next.user.username == "asha")
                #expect(seen.insert(next.refreshToken).inserted)
                #expect(try await app.currentUser(next.accessToken).status == 200)
                token = next.refreshToken
            }
            #expect(try await app.count("SELECT count(*) FROM sessions") == 1)
            #expect(try await app.count("SELECT generation FROM sessions") == 5)
            #expect(try await app.currentUser(first.accessToken).status == 200)
        }
    }

    @Test("every role refreshes, for as long as its role allows", arguments: DatabaseKind.available)
    func lifetimes(kind: DatabaseKind) async throws {
        for (role, lifetime) in [(Role.patient, TimeSpan.days(30)), (.doctor, .days(7)), (.admin, .hours(12))] {
            try await withIdentity(kind) { app in
                let early = try await app.signedIn(as: role, "early")
                let late = try await app.signedIn(as: role, "late")
                app.clock.advance(by: .seconds(lifetime.seconds - 1))
                #expect(try await app.refresh(early).status == 200)
                app.clock.advance(by: .seconds(1))
                let refused = try await app.refresh(late)
                #expect(refused.status == 401)
                #expect(refused.code == "REFRESH_INVALID")
            }
        }
    }

    @Test("a session ends after 90 days however often it is refreshed", arguments: DatabaseKind.available)
    func absoluteExpiry(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            var tokens = try await app.register("asha")
            for _ in 0..<8 {
                app.clock.advance(by: .days(11))
                tokens = try await app.refresh(tokens.refreshToken).tokens
            }
            app.clock.advance(by: .minutes(2 * 24 * 60 - 1))
            tokens = try await app.refresh(tokens.refreshToken).tokens
            #expect(try await app.currentUser(tokens.accessToken).status == 200)
            app.clock.advance(by: .seconds(60))
            #expect(try await app.refresh(tokens.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.currentUser(tokens.accessToken).code == "SESSION_REVOKED")
        }
    }

    @Test("parallel refreshes of one token give one successor", arguments: DatabaseKind.available, [5, 50])
    func parallel(kind: DatabaseKind, count: Int) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").refreshToken
            let replies = try await withThrowingTaskGroup(of: Tokens.self) { group in
                for _ in 0..<count { group.addTask { try await app.refresh(token).tokens } }
                return try await group.reduce(into: [Tokens]()) { $0.append($1) }
            }
            #expect(Set(replies.map(\.refreshToken)).count == 1)
            #expect(replies.count == count)
            #expect(try await app.count("SELECT generation FROM sessions") == 1)
            for reply in replies.prefix(5) { #expect(try await app.currentUser(reply.accessToken).status == 200) }
            let next = try #require(replies.first)
            #expect(try await app.refresh(next.refreshToken).status == 200)
        }
    }

    @Test("parallel refreshes in two processes give one successor", arguments: DatabaseKind.available)
    func parallelProcesses(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").refreshToken
            try await app.withAnotherProcess { other in
                let successors = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<20 {
                        let node = number.isMultiple(of: 2) ? app : other
                        group.addTask { try await node.refresh(token).tokens.refreshToken }
                    }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(successors.count == 1)
            }
        }
    }

    @Test("the token just used gives the same successor for ten seconds", arguments: DatabaseKind.available)
    func grace(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let parent = try await app.register("asha").refreshToken
            let child = try await app.refresh(parent).tokens.refreshToken
            app.clock.advance(by: .seconds(10))
            #expect(try await app.refresh(parent).tokens.refreshToken == child)
            #expect(try await app.refresh(child).status == 200)
        }
    }

    @Test("the grace holds when the server restarts in between", arguments: DatabaseKind.available)
    func restart(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let parent = try await app.register("asha").refreshToken
            let child = try await app.refresh(parent).tokens.refreshToken
            try await app.withAnotherProcess { restarted in
                #expect(try await restarted.refresh(parent).tokens.refreshToken == child)
                let grandchild = try await restarted.refresh(child).tokens
                #expect(try await restarted.currentUser(grandchild.accessToken).status == 200)
            }
        }
    }

    @Test("a replay after the grace ends the session and its access tokens at once", arguments: DatabaseKind.available)
    func replay(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            try await app.feature.poller.poll()
            let parent = try await app.register("asha")
            let child = try await app.refresh(parent.refreshToken).tokens
            app.clock.advance(by: .milliseconds(10_001))
            try await app.feature.poller.poll()
            #expect(try await app.currentUser(child.accessToken).status == 200)

            let replayed = try await app.refresh(parent.refreshToken)
            #expect(replayed.status == 401)
            #expect(replayed.code == "REFRESH_INVALID")
            for token in [parent.accessToken, child.accessToken] {
                let refused = try await app.currentUser(token)
                #expect(refused.status == 401)
                #expect(refused.code == "SESSION_REVOKED")
            }
            #expect(try await app.refresh(child.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.auditTrail().last == "LOGOUT DENIED REFRESH_REUSED")
            #expect(try await app.count("SELECT count(*) FROM revocations") == 1)
        }
    }

    @Test("a grandparent replayed in the same instant ends the session", arguments: DatabaseKind.available)
    func grandparent(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let grandparent = try await app.register("asha").refreshToken
            let parent = try await app.refresh(grandparent).tokens.refreshToken
            let child = try await app.refresh(parent).tokens
            #expect(try await app.refresh(grandparent).code == "REFRESH_INVALID")
            #expect(try await app.refresh(child.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.currentUser(child.accessToken).code == "SESSION_REVOKED")
        }
    }

    @Test("a replay ends its own session only", arguments: DatabaseKind.available)
    func otherSessions(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let first = try await app.register("asha")
            let second = try await app.logIn("asha").tokens
            _ = try await app.refresh(first.refreshToken).tokens
            app.clock.advance(by: .seconds(11))
            #expect(try await app.refresh(first.refreshToken).status == 401)
            #expect(try await app.currentUser(second.accessToken).status == 200)
            #expect(try await app.refresh(second.refreshToken).status == 200)
        }
    }

    @Test("a forged token ends nothing", arguments: DatabaseKind.available)
    func forged(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha")
            let bytes = try #require(Base64.decode(tokens.refreshToken))
            var forgeries = (0..<60).map { index in
                var changed = bytes
                changed[index] ^= 1
                return Base64.urlText(changed)
            }
            forgeries += ["", "x", tokens.refreshToken + "=", " " + tokens.refreshToken, tokens.accessToken]
            forgeries.append(Base64.urlText(Array(bytes.dropLast())))
            for forgery in forgeries {
                let reply = try await app.refresh(forgery)
                #expect(reply.status == 401)
                #expect(reply.code == "REFRESH_INVALID")
            }
            #expect(try await app.count("SELECT count(*) FROM revocations") == 0)
            #expect(try await app.refresh(tokens.refreshToken).status == 200)
        }
    }

    @Test("the tag of another installation's secret is forged too")
    func otherSecret() throws {
        let ours = RefreshTokens(rootSecret: try RootSecret(Array("a root secret of thirty-two bytes".utf8)))
        let theirs = RefreshTokens(rootSecret: try RootSecret(Array("another secret of thirty-two byte".utf8)))
        let token = ours.first(of: SessionID(7), secret: Array(repeating: 1, count: 32))
        #expect(token.text.utf8.count == 80)
        #expect(ours.parse(token.text) == token)
        #expect(theirs.parse(token.text) == nil)
        let successor = ours.successor(of: token)
        #expect(successor.generation == 1)
        #expect(successor == ours.successor(of: token))
        #expect(ours.parse(successor.text) == successor)
        #expect(theirs.successor(of: token).secret != successor.secret)
    }

    @Test("no token is stored, only hashes", arguments: DatabaseKind.available)
    func hashesOnly(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let parent = try await app.register("asha").refreshToken
            let child = try await app.refresh(parent).tokens.refreshToken
            let hashes = try await app.database.read { db in
                var hashes: [[UInt8]] = []
                try db.query("SELECT parent_hash, token_hash FROM sessions") {
                    hashes = [try $0.value("parent_hash"), try $0.value("token_hash")]
                }
                return hashes
            }
            let secrets = try [parent, child].map { Array(try #require(Base64.decode($0))[12..<44]) }
            #expect(hashes == secrets.map(Digest.sha256))
        }
    }
}

extension IdentityApp {
    /// The refresh token of a new account of any role.
    func signedIn(as role: Role, _ username: String) async throws -> String {
        guard role == .admin else { return try await register(username, role: role).refreshToken }
        _ = try await feature.createAdmin(
            username: username, email: "\(username)@example.org", password: Self.password)
        return try await logIn(username).tokens.refreshToken
    }
}
