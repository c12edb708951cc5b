import AuditTrail
import CareSyncCore
import Persistence

/// Blocks and unblocks addresses. Blocks act on every path but the health checks (rules/sign-in-protection 4), and on
/// all of the network that an IPv6 address is from.
struct AddressBlockService: Sendable {
    let database: any Database
    let cache: AddressBlockCache
    /// Whether the machine itself is never blocked (rules/sign-in-protection 6).
    let exemptsLoopback: Bool

    private var now: Instant { database.services.time.now }

    /// When the block ends.
    @discardableResult
    func block(
        _ address: IPAddress, for span: TimeSpan, reason: String, by admin: Principal, origin: RequestOrigin
    ) async throws -> Instant {
        guard address.network != IPAddress(origin.address)?.network else { throw AddressBlockError.ownAddress }
        guard !(exemptsLoopback && address.isLoopback) else { throw AddressBlockError.loopback }
        let now = now
        let expiry = now + span
        try await database.write { db in
            let blocks = AddressBlockRepository(db: db)
            let before = try blocks.expiry(of: address, at: now)
            try blocks.upsert(address, reason: reason, from: now, until: expiry, by: admin.userID)
            db.audit(Self.entry(address.description, reason, origin, before: before, after: expiry))
            let end = try blocks.expiries(at: now)[address.network]
            db.scope.afterCommit { [cache] in cache.set(address, until: end) }
        }
        return expiry
    }

    func unblock(_ address: IPAddress, origin: RequestOrigin) async throws {
        let now = now
        try await database.write { db in
            let blocks = AddressBlockRepository(db: db)
            let limits = AddressLimitRepository(db: db)
            let blocked = try blocks.expiries(at: now)[address.network]
            guard let before = try blocked ?? limits.expiry(of: address.network, at: now) else {
                throw AddressBlockError.notBlocked
            }
            try blocks.delete(address, at: now)
            _ = try limits.delete(address.network, at: now)
            db.audit(Self.entry(address.description, "UNBLOCKED", origin, before: before, after: nil))
            db.scope.afterCommit { [cache] in cache.set(address, until: nil) }
        }
    }

    /// How many there were.
    func unblockAll(origin: RequestOrigin) async throws -> Int {
        try await database.write { db in
            let count = try AddressBlockRepository(db: db).deleteAll() + AddressLimitRepository(db: db).deleteAll()
            db.audit(
                AuditEntry(
                    .adminAction, "address_blocks", "", by: origin, reason: "ALL_UNBLOCKED", before: "\(count) BLOCKED",
                    after: "0 BLOCKED"))
            db.scope.afterCommit { [cache] in cache.removeAll() }
            return count
        }
    }

    /// Deletes expired blocks; returns how many there were. The purge does this every ten minutes, too.
    func retention(origin: RequestOrigin) async throws -> Int {
        let now = now
        return try await database.write { db in
            let count =
                try AddressBlockRepository(db: db).delete(expiredBy: now)
                + AddressLimitRepository(db: db).delete(expiredBy: now)
            db.audit(
                AuditEntry(.adminAction, "address_blocks", "", by: origin, reason: "EXPIRED_REMOVED", after: "\(count)")
            )
            return count
        }
    }

    func list(_ request: PageRequest, origin: RequestOrigin) async throws -> Page<AddressBlock> {
        let now = now
        return try await database.readAudited { db in
            (
                try AddressBlockRepository(db: db).page(at: now, request),
                [AuditEntry(.adminAction, "address_blocks", "", by: origin, reason: "LISTED")]
            )
        }
    }

    /// Picks up other nodes' changes.
    func poll() async throws {
        let now = now
        let changes = cache.changes
        let expiries = try await database.read { db in try AddressBlockRepository(db: db).expiries(at: now) }
        cache.replace(with: expiries, ifChangesAre: changes)
    }

    func purge() async throws {
        let now = now
        try await database.write { db in
            _ = try AddressBlockRepository(db: db).delete(expiredBy: now)
            _ = try AddressLimitRepository(db: db).delete(expiredBy: now)
        }
    }

    private static func entry(
        _ address: String, _ reason: String, _ origin: RequestOrigin, before: Instant?, after: Instant?
    ) -> AuditEntry {
        func state(_ expiry: Instant?) -> String { expiry.map { "BLOCKED UNTIL \($0)" } ?? "OPEN" }
        return AuditEntry(
            .adminAction, "address_blocks", address, by: origin, reason: reason, before: state(before),
            after: state(after))
    }
}
