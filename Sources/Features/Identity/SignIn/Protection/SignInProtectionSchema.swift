import Persistence

/// What sign-in protection remembers. Moments are kept as texts of microseconds, because a row is read and written as a
/// whole, under its lock.
enum SignInProtectionSchema {
    static let migration = Migration("identity/sign-in-protection") { d in
        [
            """
            CREATE TABLE sign_in_attempts (
                account_key \(d.text) NOT NULL,
                source \(d.text) NOT NULL,
                network \(d.text) NOT NULL,
                failures \(d.text) NOT NULL,
                reservations \(d.text) NOT NULL,
                locks \(d.integer) NOT NULL,
                locked_until \(d.instant),
                expires_at \(d.instant) NOT NULL,
                CONSTRAINT sign_in_attempts_once PRIMARY KEY (account_key, source),
                CONSTRAINT sign_in_attempts_size CHECK (length(failures) <= 200 AND length(reservations) <= 200)
            )\(d.strict)
            """,
            "CREATE INDEX sign_in_attempts_network ON sign_in_attempts (network, expires_at)",
            """
            CREATE TABLE address_limits (
                id \(d.identity),
                network \(d.text) NOT NULL,
                limited_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                CONSTRAINT address_limits_once UNIQUE (network),
                CONSTRAINT address_limits_span CHECK (limited_at < expires_at)
            )\(d.strict)
            """,
            "CREATE INDEX address_limits_expiry ON address_limits (expires_at)",
            "CREATE INDEX sign_in_attempts_expiry ON sign_in_attempts (expires_at)",
        ]
    }
}
