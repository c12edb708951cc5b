package import Persistence

package enum AccountSchema {
    static let migration = Migration("identity/accounts") { d in users(d) }

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
                status_reason \(d.text),
                status_changed_at \(d.instant),
                status_changed_by \(d.integer) REFERENCES users,
                last_login_at \(d.instant),
                email_verified_at \(d.instant),
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
}
