import Persistence

/// Codes sent by mail, and how many were asked for.
enum OneTimeCodeSchema {
    static let migration = Migration("identity/one-time-codes") { d in
        [
            """
            CREATE TABLE one_time_codes (
                id \(d.identity),
                purpose \(d.text) NOT NULL,
                email \(d.text) NOT NULL,
                email_key \(d.text) NOT NULL,
                seed \(d.bytes) NOT NULL,
                created_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                attempts \(d.integer) NOT NULL DEFAULT 0,
                verified_at \(d.instant),
                token_hash \(d.bytes),
                used_at \(d.instant),
                CONSTRAINT one_time_codes_purpose_known
                    CHECK (purpose IN ('VERIFY_EMAIL', 'RESET_PASSWORD', 'RESET_LINK', 'SECOND_FACTOR')),
                CONSTRAINT one_time_codes_email_length CHECK (length(email) BETWEEN 3 AND 100)
            )\(d.strict)
            """,
            "CREATE INDEX one_time_codes_newest ON one_time_codes (email_key, purpose, id)",
            "CREATE INDEX one_time_codes_token ON one_time_codes (token_hash) WHERE token_hash IS NOT NULL",
            "CREATE INDEX one_time_codes_age ON one_time_codes (created_at)",
            """
            CREATE TABLE code_quotas (
                name \(d.text) PRIMARY KEY,
                window_began_at \(d.instant) NOT NULL,
                used \(d.integer) NOT NULL,
                last_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX code_quotas_age ON code_quotas (last_at)",
        ]
    }
}
