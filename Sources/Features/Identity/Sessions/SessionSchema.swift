import Persistence

enum SessionSchema {
    static let migration = Migration("identity/sessions") { d in sessions(d) }

    /// A session is also the family of its refresh tokens (rules/sessions-and-tokens 2): only hashes of the current
    /// token and of its immediate parent are kept.
    private static func sessions(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE sessions (
                id \(d.identity),
                user_id \(d.integer) NOT NULL REFERENCES users,
                address \(d.text) NOT NULL,
                user_agent \(d.text),
                created_at \(d.instant) NOT NULL,
                last_activity_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                generation \(d.integer) NOT NULL,
                token_hash \(d.bytes) NOT NULL,
                token_expires_at \(d.instant) NOT NULL,
                parent_hash \(d.bytes),
                rotated_at \(d.instant),
                ended_at \(d.instant),
                end_reason \(d.text),
                authenticated_at \(d.instant),
                factor_proved_at \(d.instant)
            )\(d.strict)
            """,
            "CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL",
            "CREATE INDEX sessions_expiry ON sessions (expires_at)",
            "CREATE INDEX sessions_unused ON sessions (token_expires_at) WHERE ended_at IS NULL",
            "CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL",
            // Which devices an account was used on, sessions that are over included.
            "CREATE INDEX sessions_device ON sessions (user_id, user_agent, id)",
        ]
    }
}
