package import Persistence

/// Accounts and their sessions.
package enum IdentityMigrations {
    package static let all: [Migration] = [
        Migration(2, "users, sessions") { d in users(d) + sessions(d) },
        AdministrationMigration.migration,
        ProtectionMigration.migration,
        SecondFactorMigration.migration,
        OneTimeCodeMigration.migration,
        IdentityRetention.migration,
        SecondFactorMigration.proofs,
    ]

    /// Account ids are taken before the insert, because encrypted profile columns are bound to them.
    package static let userIDs = IDAllocator("user_ids")

    private static func users(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("user_ids", start: "100000", dialect: d),
            """
            CREATE TABLE users (
                id \(d.integer) PRIMARY KEY,
                username \(d.text) NOT NULL,
                username_key \(d.text) NOT NULL,
                email \(d.text) NOT NULL,
                email_key \(d.text) NOT NULL,
                password_hash \(d.text) NOT NULL,
                role \(d.text) NOT NULL,
                is_active \(d.boolean) NOT NULL DEFAULT TRUE,
                must_change_password \(d.boolean) NOT NULL DEFAULT FALSE,
                last_login_at \(d.instant),
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                CONSTRAINT users_username_once UNIQUE (username_key),
                CONSTRAINT users_email_once UNIQUE (email_key),
                CONSTRAINT users_role_known CHECK (role IN ('PATIENT', 'DOCTOR', 'ADMIN')),
                CONSTRAINT users_username_length CHECK (length(username) BETWEEN 3 AND 50),
                CONSTRAINT users_email_length CHECK (length(email) BETWEEN 3 AND 100)
            )\(d.strict)
            """,
            "CREATE INDEX users_role ON users (role, id)",
        ]
    }

    /// A session is also the family of its refresh tokens (RULINGS C1): only hashes of the current token and of its
    /// immediate parent are kept. `session_ends` is what nodes poll to drop cached sessions (RULINGS C2).
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
                end_reason \(d.text)
            )\(d.strict)
            """,
            "CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL",
            "CREATE INDEX sessions_expiry ON sessions (expires_at)",
            """
            CREATE TABLE session_ends (
                id \(d.identity),
                session_id \(d.integer) NOT NULL,
                at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX session_ends_at ON session_ends (at)",
        ]
    }
}
