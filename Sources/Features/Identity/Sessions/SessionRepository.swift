import CareSyncCore
import Persistence

struct SessionRepository {
    let db: any Connection

    func insert(_ session: NewSession) throws -> SessionID {
        let id: SessionID? = try db.value(
            """
            INSERT INTO sessions (user_id, address, user_agent, created_at, last_activity_at, authenticated_at,
                                  factor_proved_at, expires_at, generation, token_hash, token_expires_at)
            VALUES (\(session.userID), \(session.address), \(session.userAgent), \(session.createdAt),
                    \(session.createdAt), \(session.createdAt), \(session.hasFactor ? session.createdAt : nil),
                    \(session.expiresAt), 0, \(session.tokenHash), \(session.tokenExpiresAt))
            RETURNING id
            """)
        guard let id else { throw DatabaseFailure.other(code: "no id") }
        return id
    }

    /// A session and its account, live or not.
    func find(_ id: SessionID) throws -> (session: Session, account: Account)? {
        let batch = Batch()
        let session = batch.first(
            Session.self,
            """
            SELECT id, user_id, expires_at, generation, token_hash, token_expires_at, parent_hash, rotated_at, ended_at
            FROM sessions WHERE id = \(id)
            """)
        let account = batch.first(
            Account.self,
            """
            SELECT \(AccountRepository.columns) FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = \(id))
            """)
        try batch.run(db)
        guard let session = try session.value, let account = try account.value else { return nil }
        return (session, account)
    }

    /// The session if it, and its account, may be used now.
    func findLive(_ id: SessionID, at now: Instant, adminFactorRequired: Bool) throws -> LiveSession? {
        let mustEnroll: SQL =
            adminFactorRequired
            ? "(u.role = 'ADMIN' AND NOT EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id))" : "FALSE"
        return try db.first(
            """
            SELECT s.user_id, u.username, u.role, s.id, u.must_change_password, \(mustEnroll) AS must_enroll,
                   s.expires_at, s.last_activity_at
            FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id = \(id) AND s.ended_at IS NULL AND s.expires_at > \(now) AND u.is_active
            """)
    }

    /// Replaces the current token by its successor if it is still the current one; returns whether it was.
    func rotate(
        _ current: RefreshToken, to successor: RefreshToken, at now: Instant, expiresAt: Instant
    ) throws -> Bool {
        let changed = try db.run(
            """
            UPDATE sessions
            SET generation = \(Int64(successor.generation)), token_hash = \(successor.hash),
                token_expires_at = \(expiresAt), parent_hash = \(current.hash), rotated_at = \(now),
                last_activity_at = \(now)
            WHERE id = \(current.sessionID) AND generation = \(Int64(current.generation))
                AND token_hash = \(current.hash) AND ended_at IS NULL AND token_expires_at > \(now)
            """)
        return changed == 1
    }

    /// When the session last proved who uses it, in the way that is asked for.
    func authenticatedAt(_ id: SessionID, _ proof: IdentityProof) throws -> Instant? {
        switch proof {
        case .any:
            try db.value("SELECT authenticated_at FROM sessions WHERE id = \(id) AND authenticated_at IS NOT NULL")
        case .factor:
            try db.value(
                """
                SELECT proved_at FROM (
                    SELECT CASE WHEN EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = s.user_id)
                                THEN s.factor_proved_at ELSE s.authenticated_at END AS proved_at
                    FROM sessions s WHERE s.id = \(id)) proofs
                WHERE proved_at IS NOT NULL
                """)
        }
    }

    func noteAuthentication(_ id: SessionID, by proof: IdentityProof, at now: Instant) throws {
        let factor: SQL = proof == .factor ? ", factor_proved_at = \(now)" : ""
        try db.run("UPDATE sessions SET authenticated_at = \(now)\(factor) WHERE id = \(id) AND ended_at IS NULL")
    }

    /// Ends a session and tells all nodes; `false` when it had ended.
    func end(_ id: SessionID, _ reason: SessionEnd, at now: Instant) throws -> Bool {
        let changed = try db.run(
            """
            UPDATE sessions SET ended_at = \(now), end_reason = \(reason.rawValue)
            WHERE id = \(id) AND ended_at IS NULL
            """)
        guard changed == 1 else { return false }
        try announce(id)
        return true
    }

    /// Makes all nodes drop a session from memory: it has ended, or its account has changed.
    func announce(_ id: SessionID) throws {
        try RevocationFeed.revoke(.session, [id.rawValue], db: db)
    }

    /// Ends the live sessions of an account and tells all nodes; their ids.
    func endAll(of user: UserID, except kept: SessionID?, _ reason: SessionEnd, at now: Instant) throws -> [SessionID] {
        let ended: [SessionID] = try db.values(
            """
            UPDATE sessions SET ended_at = \(now), end_reason = \(reason.rawValue)
            WHERE user_id = \(user) AND ended_at IS NULL AND id <> \(kept?.rawValue ?? 0)
            RETURNING id
            """)
        try RevocationFeed.revoke(.session, ended.map(\.rawValue), db: db)
        return ended
    }

    /// Ends the sessions that can no longer be continued; returns their ids. Nodes need not be told: no request is
    /// accepted on them.
    func endExpired(at now: Instant) throws -> [SessionID] {
        try db.values(
            """
            UPDATE sessions SET ended_at = \(now), end_reason = \(SessionEnd.expired.rawValue)
            WHERE ended_at IS NULL AND token_expires_at <= \(now)
            RETURNING id
            """)
    }

    func touch(_ ids: [SessionID], at now: Instant) throws {
        try db.run(
            """
            UPDATE sessions SET last_activity_at = \(now)
            WHERE id IN \(in: ids) AND ended_at IS NULL AND last_activity_at < \(now)
            """)
    }

    /// Deletes sessions that ended long ago.
    func delete(expiredBefore moment: Instant) throws {
        try db.run("DELETE FROM sessions WHERE expires_at < \(moment)")
    }
}

extension RevocationKind {
    /// A session that has ended, or whose account is another than before.
    static let session = RevocationKind("session")
}
