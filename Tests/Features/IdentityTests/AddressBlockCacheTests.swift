import CareSyncCore
import CareSyncTesting
import Persistence
import Testing
import WebAPI

@testable import Identity

@Suite("Blocked addresses in memory")
struct AddressBlockCacheTests {
    private static let now = Instant(seconds: 1_773_115_200)

    @Test("a block ends by itself at its moment")
    func expires() throws {
        let cache = AddressBlockCache(exemptsLoopback: false)
        cache.set(try #require(IPAddress("203.0.113.9")), until: Self.now + .hours(1))
        #expect(cache.isBlocked("203.0.113.9", at: Self.now))
        #expect(!cache.isBlocked("203.0.113.9", at: Self.now + .hours(1)))
        #expect(!cache.isBlocked("203.0.113.10", at: Self.now))
        #expect(!cache.isBlocked("", at: Self.now))
    }

    @Test("an IPv6 address stands for its whole network")
    func network() throws {
        let cache = AddressBlockCache(exemptsLoopback: false)
        cache.set(try #require(IPAddress("2001:db8:0:7::1")), until: Self.now + .hours(1))
        #expect(cache.isBlocked("2001:db8:0:7:ffff::99", at: Self.now))
        #expect(!cache.isBlocked("2001:db8:0:8::1", at: Self.now))
        cache.set(try #require(IPAddress("::2")), until: Self.now + .hours(1))
        #expect(!cache.isBlocked("::1", at: Self.now))
    }

    @Test("the machine itself is exempt in development only", arguments: ["127.0.0.1", "127.9.9.9", "::1"])
    func loopback(_ text: String) throws {
        for isExempt in [true, false] {
            let cache = AddressBlockCache(exemptsLoopback: isExempt)
            cache.set(try #require(IPAddress(text)), until: Self.now + .hours(1))
            #expect(cache.isBlocked(text, at: Self.now) == !isExempt)
        }
    }

    @Test("what was read before a change of this node does not undo the change")
    func overtaken() throws {
        let cache = AddressBlockCache(exemptsLoopback: false)
        let before = cache.changes
        cache.set(try #require(IPAddress("203.0.113.9")), until: Self.now + .hours(1))
        cache.replace(with: [:], ifChangesAre: before)
        #expect(cache.isBlocked("203.0.113.9", at: Self.now))
        cache.replace(with: [:], ifChangesAre: cache.changes)
        #expect(!cache.isBlocked("203.0.113.9", at: Self.now))
    }

    @Test("another process learns of a block with its next poll", arguments: DatabaseKind.available)
    func otherProcess(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let admin = try await app.feature.createAdmin(
                username: "head.admin", email: "admin@example.org", password: IdentityApp.password)
            let principal = Principal(
                userID: admin.id, username: admin.username, role: .admin, sessionID: SessionID(1))
            let address = try #require(IPAddress("203.0.113.9"))
            try await app.feature.poller.blocks.block(
                address, for: .hours(1), reason: "Scanner", by: principal, origin: .system("test"))
            try await app.withAnotherProcess { other in
                let verdict = other.feature.addressGuard.verdict
                #expect(verdict("203.0.113.9", app.clock.now) == .open)
                try await other.feature.poller.blocks.poll()
                #expect(verdict("203.0.113.9", app.clock.now) == .closed)
            }
        }
    }
}
