import CareSyncCore
import Persistence

struct SecondFactorRepository {
    let db: any Connection

    func find(_ user: UserID) throws -> SecondFactor? {
        try db.first("SELECT \(SecondFactor.columns) FROM second_factors WHERE user_id = \(user)")
    }

    /// Makes it the account's factor, replacing any other together with its recovery codes.
    func insert(_ enrolment: FactorEnrolment, step: Int64, at now: Instant) throws {
        try delete(enrolment.userID)
        try db.run(
            """
            INSERT INTO second_factors (user_id, method, secret, last_step, attempts_since, confirmed_at)
            VALUES (\(enrolment.userID), \(enrolment.method), \(enrolment.sealedSecret), \(step), \(now), \(now))
            """)
    }

    /// Whether there was one.
    @discardableResult
    func delete(_ user: UserID) throws -> Bool {
        try db.run("DELETE FROM recovery_codes WHERE user_id = \(user)")
        return try db.run("DELETE FROM second_factors WHERE user_id = \(user)") == 1
    }

    /// Counts a try before it is judged; `false` when there were too many wrong ones.
    func countAttempt(_ user: UserID, at now: Instant) throws -> Bool {
        let past = now - SecondFactorError.attemptWindow
        return try db.run(
            """
            UPDATE second_factors
            SET attempts = CASE WHEN attempts_since <= \(past) THEN 1 ELSE attempts + 1 END,
                attempts_since = CASE WHEN attempts_since <= \(past) THEN \(now) ELSE attempts_since END
            WHERE user_id = \(user)
                AND (attempts < \(SecondFactorError.attemptLimit) OR attempts_since <= \(past))
            """) == 1
    }

    func forgetAttempts(_ user: UserID) throws {
        try db.run("UPDATE second_factors SET attempts = 0 WHERE user_id = \(user)")
    }

    /// `false` when that step or a later one was used before.
    func useStep(_ step: Int64, of user: UserID) throws -> Bool {
        try db.run("UPDATE second_factors SET last_step = \(step) WHERE user_id = \(user) AND last_step < \(step)") == 1
    }

    // MARK: Enrolments

    func insert(_ method: SecondFactorMethod, secret: [UInt8]?, of user: UserID, expiresAt: Instant) throws {
        try db.run(
            """
            INSERT INTO factor_enrolments (user_id, method, secret, attempts, expires_at)
            VALUES (\(user), \(method), \(secret), 0, \(expiresAt))
            ON CONFLICT (user_id) DO UPDATE SET method = excluded.method, secret = excluded.secret,
                attempts = excluded.attempts, expires_at = excluded.expires_at
            """)
    }

    /// The open enrolment, with this try counted.
    func tryEnrolment(of user: UserID, at now: Instant) throws -> FactorEnrolment? {
        try db.first(
            """
            UPDATE factor_enrolments SET attempts = attempts + 1
            WHERE user_id = \(user) AND expires_at > \(now) AND attempts < \(FactorEnrolment.attempts)
            RETURNING user_id, method, secret
            """)
    }

    func deleteEnrolment(of user: UserID) throws {
        try db.run("DELETE FROM factor_enrolments WHERE user_id = \(user)")
    }

    // MARK: Recovery codes

    func replaceRecoveryCodes(of user: UserID, by hashes: [[UInt8]], at now: Instant) throws {
        try db.run("DELETE FROM recovery_codes WHERE user_id = \(user)")
        try db.run(
            hashes.map { hash in
                "INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES (\(user), \(hash), \(now))"
            })
    }

    /// Whether it is one of the account's codes that was not used before; it is now.
    func useRecoveryCode(_ hash: [UInt8], of user: UserID, at now: Instant) throws -> Bool {
        try db.run(
            """
            UPDATE recovery_codes SET used_at = \(now)
            WHERE user_id = \(user) AND code_hash = \(hash) AND used_at IS NULL
            """) == 1
    }

    // MARK: Challenges

    func insertChallenge(
        tokenHash: [UInt8], user: UserID, passwordDigest: [UInt8], address: String, at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO sign_in_challenges (token_hash, user_id, password_digest, address, attempts, created_at,
                                            expires_at)
            VALUES (\(tokenHash), \(user), \(passwordDigest), \(address), 0, \(now),
                    \(now + SignInChallenge.lifetime))
            """)
    }

    /// The account of an open challenge.
    func account(ofChallenge tokenHash: [UInt8], at now: Instant) throws -> (username: String, role: Role)? {
        var found: (username: String, role: Role)?
        try db.query(
            """
            SELECT u.username, u.role FROM sign_in_challenges c JOIN users u ON u.id = c.user_id
            WHERE c.token_hash = \(tokenHash) AND c.consumed_at IS NULL AND c.expires_at > \(now)
            """
        ) { row in found = (username: try row.value("username"), role: try row.value("role")) }
        return found
    }

    /// The open challenge, locked, with this try counted.
    func tryChallenge(_ tokenHash: [UInt8], at now: Instant) throws -> SignInChallenge? {
        try db.first(
            """
            UPDATE sign_in_challenges SET attempts = attempts + 1
            WHERE token_hash = \(tokenHash) AND consumed_at IS NULL AND expires_at > \(now)
                AND attempts < \(SignInChallenge.attempts)
            RETURNING id, user_id, password_digest
            """)
    }

    func consume(_ challenge: SignInChallenge, at now: Instant) throws {
        try db.run("UPDATE sign_in_challenges SET consumed_at = \(now) WHERE id = \(challenge.id)")
    }

    /// Deletes what has expired.
    func purge(at now: Instant) throws {
        try db.run("DELETE FROM sign_in_challenges WHERE expires_at < \(now)")
        try db.run("DELETE FROM factor_enrolments WHERE expires_at < \(now)")
    }
}
