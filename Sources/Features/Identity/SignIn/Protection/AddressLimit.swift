import CareSyncCore
import Persistence

/// When an address may not try to sign in any more (rules/sign-in-protection 3). A clinic sits behind one address, so
/// it takes many failures, over several accounts, and it ends by itself.
struct AddressRule: Sendable, Equatable {
    var failures = 30
    var accounts = 5
    var window = TimeSpan.minutes(15)
    var span = TimeSpan.hours(1)

    /// - Parameter failures: when the wrong attempts at each account were.
    func isBroken(by failures: [[Instant]], at now: Instant) -> Bool {
        let counts = failures.map { $0.count { now < $0 + window } }.filter { $0 > 0 }
        return counts.count >= accounts && counts.reduce(0, +) >= self.failures
    }
}

/// `address_limits` has one row for a network that may not sign in, only while that lasts; the past is in the audit
/// log.
struct AddressLimitRepository {
    let db: any Connection

    /// When each account was guessed at from a network, known devices excluded.
    func failures(from network: String, at now: Instant) throws -> [[Instant]] {
        let texts: [String] = try db.values(
            """
            SELECT failures FROM sign_in_attempts
            WHERE network = \(network) AND source = network AND expires_at > \(now) AND failures <> '' LIMIT 1000
            """)
        return texts.map(SignInAttemptRecord.instants)
    }

    func expiry(of network: String, at now: Instant) throws -> Instant? {
        try db.value("SELECT expires_at FROM address_limits WHERE network = \(network) AND expires_at > \(now)")
    }

    /// Limits a network unless it is limited already; returns whether it was not.
    func insert(_ network: String, from now: Instant, until expiry: Instant) throws -> Bool {
        let count = try db.run(
            """
            INSERT INTO address_limits (network, limited_at, expires_at)
            VALUES (\(network), \(now), \(expiry))
            ON CONFLICT (network) DO UPDATE SET limited_at = excluded.limited_at, expires_at = excluded.expires_at
            WHERE address_limits.expires_at <= \(now)
            """)
        return count == 1
    }

    /// Whether it was limited.
    func delete(_ network: String, at now: Instant) throws -> Bool {
        try db.run("DELETE FROM address_limits WHERE network = \(network) AND expires_at > \(now)") > 0
    }

    /// How many there were.
    func deleteAll() throws -> Int {
        try db.run("DELETE FROM address_limits")
    }

    func delete(expiredBy now: Instant) throws -> Int {
        try db.run("DELETE FROM address_limits WHERE expires_at <= \(now)")
    }
}
