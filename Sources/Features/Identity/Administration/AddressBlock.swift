import CareSyncCore
import Persistence

/// An address blocked by an administrator for a time, or limited after too many failed sign-ins. A limit affects
/// sign-in only, and its id is negative.
struct AddressBlock: RowDecodable {
    let id: Int64
    let address: String
    let reason: String
    let blockedAt: Instant
    let expiresAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        address = try row.value("address")
        reason = try row.value("reason")
        blockedAt = try row.value("blocked_at")
        expiresAt = try row.value("expires_at")
    }
}

enum AddressBlockError: FailureCatalogue, CaseIterable {
    case notBlocked
    case ownAddress
    case loopback

    var problem: Problem {
        switch self {
        case .notBlocked: Problem(.notFound, "IP_NOT_BLOCKED", "This address is not blocked.")
        case .ownAddress: Problem(.conflict, "OWN_ADDRESS", "This is the address you are calling from.")
        case .loopback:
            Problem(.conflict, "LOOPBACK_EXEMPT", "Development mode never blocks the machine it runs on.")
        }
    }
}

/// One row per address, only while it is blocked; the past is in the audit log.
struct AddressBlockRepository {
    let db: any Connection

    /// The newest first.
    func page(at now: Instant, _ request: PageRequest) throws -> Page<AddressBlock> {
        let batch = Batch()
        let both: SQL = """
            SELECT id, address, reason, blocked_at, expires_at FROM address_blocks WHERE expires_at > \(now)
            UNION ALL
            SELECT -id, network, 'Too many failed sign-ins (automatic, sign-in only)', limited_at, expires_at
            FROM address_limits WHERE expires_at > \(now)
            """
        let blocks = batch.all(
            AddressBlock.self,
            "\(both) ORDER BY blocked_at DESC, id DESC LIMIT \(request.limit) OFFSET \(request.offset)")
        let total = request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM (\(both)) listed") : nil
        try batch.run(db)
        return Page(fetched: try blocks.value, request: request, total: try total?.value ?? nil)
    }

    /// When the blocks of each network end; what nodes keep in memory.
    func expiries(at now: Instant) throws -> [String: Instant] {
        var expiries: [String: Instant] = [:]
        try db.query("SELECT address, expires_at FROM address_blocks WHERE expires_at > \(now)") { row in
            let network = IPAddress.network(of: try row.value("address"))
            let expiry: Instant = try row.value("expires_at")
            expiries[network] = max(expiries[network] ?? expiry, expiry)
        }
        return expiries
    }

    func expiry(of address: IPAddress, at now: Instant) throws -> Instant? {
        try db.value(
            "SELECT expires_at FROM address_blocks WHERE address = \(address.description) AND expires_at > \(now)")
    }

    /// Blocks an address, or replaces the block it has.
    func upsert(
        _ address: IPAddress, reason: String, from now: Instant, until expiry: Instant, by admin: UserID
    ) throws {
        try db.run(
            """
            INSERT INTO address_blocks (address, reason, blocked_at, expires_at, blocked_by)
            VALUES (\(address.description), \(reason), \(now), \(expiry), \(admin))
            ON CONFLICT (address) DO UPDATE SET
                reason = excluded.reason, blocked_at = excluded.blocked_at, expires_at = excluded.expires_at,
                blocked_by = excluded.blocked_by
            """)
    }

    /// Deletes the blocks of an address, which for IPv6 are those of its network.
    func delete(_ address: IPAddress, at now: Instant) throws {
        let blocked: [String] = try db.values("SELECT address FROM address_blocks WHERE expires_at > \(now)")
        let own = blocked.filter { IPAddress.network(of: $0) == address.network }
        try db.run("DELETE FROM address_blocks WHERE address IN \(in: own)")
    }

    /// How many there were.
    func deleteAll() throws -> Int {
        try db.run("DELETE FROM address_blocks")
    }

    func delete(expiredBy now: Instant) throws -> Int {
        try db.run("DELETE FROM address_blocks WHERE expires_at <= \(now)")
    }
}
