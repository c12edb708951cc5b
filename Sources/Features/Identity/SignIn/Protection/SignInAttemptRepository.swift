import CareSyncCore
import Persistence

/// One row of `sign_in_attempts` per account and source, purged when there is nothing to remember.
struct SignInAttemptRepository {
    let db: any Connection
    private static let columns: SQL = "failures, reservations, locks, locked_until"

    func find(_ subject: SignInAttemptSubject) throws -> SignInAttemptRecord? {
        try db.first(
            """
            SELECT \(Self.columns) FROM sign_in_attempts
            WHERE account_key = \(subject.account) AND source = \(subject.source)
            """)
    }

    /// The record, locked until the transaction ends; made if there was none.
    func take(_ subject: SignInAttemptSubject, at now: Instant) throws -> SignInAttemptRecord {
        try db.run(
            """
            INSERT INTO sign_in_attempts (account_key, source, network, failures, reservations, locks, expires_at)
            VALUES (\(subject.account), \(subject.source), \(subject.network), '', '', 0, \(now))
            ON CONFLICT DO NOTHING
            """)
        let lock = db.dialect.forUpdate(of: "sign_in_attempts")
        let record: SignInAttemptRecord? = try db.first(
            """
            SELECT \(Self.columns) FROM sign_in_attempts
            WHERE account_key = \(subject.account) AND source = \(subject.source)\(lock)
            """)
        // The purge removed the row between the two statements.
        guard let record else { throw DatabaseFailure.conflict(code: "attempts gone") }
        return record
    }

    /// Stores the record. An empty row is left to the purge, because others may be waiting for its lock.
    func save(
        _ record: SignInAttemptRecord, of subject: SignInAttemptSubject, at now: Instant, _ limits: SignInAttemptLimits
    ) throws {
        let expiry = record.expiry(limits) ?? now
        try db.run(
            """
            UPDATE sign_in_attempts
            SET failures = \(record.failureText), reservations = \(record.reservationText), locks = \(record.locks),
                locked_until = \(record.lockedUntil), expires_at = \(expiry)
            WHERE account_key = \(subject.account) AND source = \(subject.source)
            """)
    }

    /// Forgets the attempts at an account, from wherever they came.
    func delete(account: String) throws {
        try db.run("DELETE FROM sign_in_attempts WHERE account_key = \(account)")
    }

    func delete(expiredBy now: Instant) throws {
        try db.run("DELETE FROM sign_in_attempts WHERE expires_at <= \(now)")
    }

    /// The account of a user name, and the addresses of its newest sign-ins that were made with this very user agent and
    /// are neither over nor suspect. An unknown name costs the same statement.
    func signIns(
        named username: String, userAgent: String?, at now: Instant
    ) throws -> (user: UserID?, addresses: [String]) {
        var user: UserID?
        var addresses: [String] = []
        try db.query(
            """
            SELECT u.id, s.address FROM users u LEFT JOIN sessions s
                ON s.user_id = u.id AND s.user_agent = \(userAgent) AND s.expires_at > \(now)
                AND (s.ended_at IS NULL OR s.end_reason IN \(in: Self.harmlessEnds))
            WHERE u.username_key = \(UsernameRules.key(username)) ORDER BY s.id DESC LIMIT 50
            """
        ) { row in
            user = try row.value("id")
            if let address: String = try row.value("address") { addresses.append(address) }
        }
        return (user, addresses)
    }

    private static let harmlessEnds = [SessionEnd.logout.rawValue, SessionEnd.expired.rawValue]
}

extension SignInAttemptRecord: RowDecodable {
    init(row: Row) throws {
        self.init(
            failures: try row.value("failures"), reservations: try row.value("reservations"),
            locks: try row.value("locks"), lockedUntil: try row.value("locked_until"))
    }
}
