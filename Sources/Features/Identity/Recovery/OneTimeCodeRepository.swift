import CareSyncCore
import Persistence

struct OneTimeCodeRepository {
    let db: any Connection

    func find(_ id: OneTimeCodeID) throws -> OneTimeCode? {
        try db.first("SELECT \(OneTimeCode.columns) FROM one_time_codes WHERE id = \(id)")
    }

    /// Whether it is the newest of its purpose and address and could still be used.
    func isOpen(_ id: OneTimeCodeID, at now: Instant) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM one_time_codes c
            WHERE id = \(id) AND used_at IS NULL AND expires_at > \(now) AND NOT EXISTS (
                SELECT 1 FROM one_time_codes n
                WHERE n.email_key = c.email_key AND n.purpose = c.purpose AND n.id > c.id)
            """)
    }

    func insert(
        _ purpose: CodePurpose, _ email: EmailAddress, seed: [UInt8], tokenHash: [UInt8]?, at now: Instant,
        expiresAt: Instant
    ) throws -> OneTimeCodeID {
        let id: OneTimeCodeID? = try db.value(
            """
            INSERT INTO one_time_codes (purpose, email, email_key, seed, token_hash, created_at, expires_at)
            VALUES (\(purpose), \(email.mailbox), \(email.key), \(seed), \(tokenHash), \(now), \(expiresAt))
            RETURNING id
            """)
        guard let id else { throw DatabaseFailure.other(code: "no id") }
        return id
    }

    /// Counts an attempt at the newest code before anything is compared; `nil` when no attempt is allowed. The row
    /// stays locked, so attempts at one code take turns.
    func countAttempt(_ purpose: CodePurpose, _ emailKey: String, limit: Int, at now: Instant) throws -> OneTimeCode? {
        try db.first(
            """
            UPDATE one_time_codes SET attempts = attempts + 1
            WHERE id = (SELECT max(id) FROM one_time_codes WHERE email_key = \(emailKey) AND purpose = \(purpose))
                AND attempts < \(limit) AND used_at IS NULL AND expires_at > \(now)
            RETURNING \(OneTimeCode.columns)
            """)
    }

    /// The attempt was right: it does not count. What it proved stays on record unless `mark` says otherwise.
    func noteRight(_ id: OneTimeCodeID, _ mark: OneTimeCodes.Mark, at now: Instant) throws {
        switch mark {
        case .nothing: try db.run("UPDATE one_time_codes SET attempts = attempts - 1 WHERE id = \(id)")
        case .verified(let tokenHash):
            try db.run(
                """
                UPDATE one_time_codes SET attempts = attempts - 1, verified_at = \(now),
                                          token_hash = COALESCE(\(tokenHash), token_hash)
                WHERE id = \(id)
                """)
        }
    }

    /// Whether it had not been used before.
    func use(_ id: OneTimeCodeID, at now: Instant) throws -> Bool {
        try db.run("UPDATE one_time_codes SET used_at = \(now) WHERE id = \(id) AND used_at IS NULL") == 1
    }

    /// Voids what was mailed to set the password of an address.
    func withdrawResets(of emailKey: String, at now: Instant) throws {
        try db.run(
            """
            UPDATE one_time_codes SET used_at = \(now)
            WHERE email_key = \(emailKey) AND purpose IN ('RESET_PASSWORD', 'RESET_LINK') AND used_at IS NULL
                AND expires_at > \(now)
            """)
    }

    /// The code behind a mailed link, if it is the newest for its address and can still be used.
    func find(link tokenHash: [UInt8], at now: Instant) throws -> OneTimeCode? {
        try db.first(
            """
            SELECT \(OneTimeCode.columns) FROM one_time_codes c
            WHERE token_hash = \(tokenHash) AND purpose = 'RESET_LINK' AND used_at IS NULL AND expires_at > \(now)
                AND NOT EXISTS (SELECT 1 FROM one_time_codes n
                                WHERE n.email_key = c.email_key AND n.purpose = c.purpose AND n.id > c.id)
            """)
    }

    /// Whether somebody has proved to read the mail of this very address, and nobody has made an account of it.
    func isVerified(_ email: EmailAddress, tokenHash: [UInt8]?, since: Instant) throws -> Bool {
        try db.exists("SELECT 1 FROM one_time_codes WHERE \(Self.verification(of: email, tokenHash, since))")
    }

    /// The mail went to the text of the row, so it proves nothing of another mailbox with the same key.
    private static func verification(of email: EmailAddress, _ tokenHash: [UInt8]?, _ since: Instant) -> SQL {
        let proof: SQL = tokenHash.map { "token_hash = \($0)" } ?? "token_hash IS NOT NULL"
        return """
            email_key = \(email.key) AND purpose = 'VERIFY_EMAIL' AND email = \(email.mailbox)
            AND verified_at > \(since) AND used_at IS NULL AND \(proof)
            """
    }

    /// Consumes every verification of an address, if there is one; with a token, only if it matches one.
    func useVerification(
        of email: EmailAddress, tokenHash: [UInt8]?, since: Instant, at now: Instant
    ) throws -> Bool {
        try db.run(
            "UPDATE one_time_codes SET used_at = \(now) WHERE \(Self.verification(of: email, tokenHash, since))") > 0
    }

    /// Counts a request against a quota, if it has room; `false` otherwise, and nothing is counted. An hour begins with
    /// the first request of it. Requests for one name take turns.
    func take(_ name: String, limit: Int, coolDown: TimeSpan, at now: Instant) throws -> Bool {
        let hourAgo = now - .hours(1)
        return try db.exists(
            """
            INSERT INTO code_quotas (name, window_began_at, used, last_at) VALUES (\(name), \(now), 1, \(now))
            ON CONFLICT (name) DO UPDATE SET
                used = CASE WHEN code_quotas.window_began_at <= \(hourAgo) THEN 1 ELSE code_quotas.used + 1 END,
                window_began_at = CASE WHEN code_quotas.window_began_at <= \(hourAgo) THEN \(now)
                                       ELSE code_quotas.window_began_at END,
                last_at = \(now)
            WHERE code_quotas.last_at <= \(now - coolDown)
                AND (code_quotas.used < \(limit) OR code_quotas.window_began_at <= \(hourAgo))
            RETURNING used
            """)
    }

    /// How long until a refused quota has room again.
    func wait(_ name: String, limit: Int, coolDown: TimeSpan, at now: Instant) throws -> TimeSpan {
        let free: Instant? = try db.value(
            """
            SELECT CASE WHEN used >= \(limit) AND window_began_at > \(now - .hours(1)) THEN window_began_at
                        ELSE last_at END
            FROM code_quotas WHERE name = \(name)
            """)
        let isFull = try db.exists(
            """
            SELECT 1 FROM code_quotas
            WHERE name = \(name) AND used >= \(limit) AND window_began_at > \(now - .hours(1))
            """)
        guard let free else { return coolDown }
        return max(free + (isFull ? .hours(1) : coolDown) - now, .seconds(1))
    }
}
