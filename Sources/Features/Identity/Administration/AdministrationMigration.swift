import Persistence

/// Why an account is as it is, and blocked addresses.
enum AdministrationMigration {
    static let migration = Migration(12, "account status, blocked addresses") { d in
        [
            "ALTER TABLE users ADD COLUMN status_reason \(d.text)",
            "ALTER TABLE users ADD COLUMN status_changed_at \(d.instant)",
            "ALTER TABLE users ADD COLUMN status_changed_by \(d.integer) REFERENCES users",
            """
            CREATE TABLE address_blocks (
                id \(d.identity),
                address \(d.text) NOT NULL,
                reason \(d.text) NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
                blocked_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                blocked_by \(d.integer) NOT NULL REFERENCES users,
                CONSTRAINT address_blocks_once UNIQUE (address),
                CONSTRAINT address_blocks_span CHECK (blocked_at < expires_at)
            )\(d.strict)
            """,
            "CREATE INDEX sessions_unused ON sessions (token_expires_at) WHERE ended_at IS NULL",
            "CREATE INDEX address_blocks_expiry ON address_blocks (expires_at)",
            "CREATE INDEX address_blocks_order ON address_blocks (blocked_at, id)",
        ]
    }
}
