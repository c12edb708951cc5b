import Persistence

/// Addresses that accounts had, for as long as their owners may have to be told.
enum EmailChangeSchema {
    static let migration = Migration("identity/email-changes") { d in
        [
            """
            CREATE TABLE email_changes (
                id \(d.identity),
                user_id \(d.integer) NOT NULL REFERENCES users,
                old_email \(d.text) NOT NULL,
                changed_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX email_changes_user ON email_changes (user_id)",
            "CREATE INDEX email_changes_age ON email_changes (changed_at)",
        ]
    }
}
