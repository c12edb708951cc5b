import Persistence

/// What proves an account beside its password.
enum SecondFactorSchema {
    static let migration = Migration("identity/second-factors") { d in factors(d) + recoveryCodes(d) + challenges(d) }

    /// `attempts` counts wrong codes since `attempts_since`.
    private static func factors(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE second_factors (
                user_id \(d.integer) PRIMARY KEY REFERENCES users,
                method \(d.text) NOT NULL,
                secret \(d.bytes),
                last_step \(d.integer) NOT NULL,
                attempts \(d.integer) NOT NULL DEFAULT 0,
                attempts_since \(d.instant) NOT NULL,
                confirmed_at \(d.instant) NOT NULL,
                CONSTRAINT second_factors_method_known CHECK (method IN ('TOTP', 'EMAIL')),
                CONSTRAINT second_factors_app_secret CHECK (method <> 'TOTP' OR secret IS NOT NULL)
            )\(d.strict)
            """,
            """
            CREATE TABLE factor_enrolments (
                user_id \(d.integer) PRIMARY KEY REFERENCES users,
                method \(d.text) NOT NULL,
                secret \(d.bytes),
                attempts \(d.integer) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                CONSTRAINT factor_enrolments_method_known CHECK (method IN ('TOTP', 'EMAIL')),
                CONSTRAINT factor_enrolments_app_secret CHECK (method <> 'TOTP' OR secret IS NOT NULL)
            )\(d.strict)
            """,
        ]
    }

    private static func recoveryCodes(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE recovery_codes (
                id \(d.identity),
                user_id \(d.integer) NOT NULL REFERENCES users,
                code_hash \(d.bytes) NOT NULL,
                created_at \(d.instant) NOT NULL,
                used_at \(d.instant),
                CONSTRAINT recovery_codes_once UNIQUE (user_id, code_hash)
            )\(d.strict)
            """
        ]
    }

    private static func challenges(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE sign_in_challenges (
                id \(d.identity),
                token_hash \(d.bytes) NOT NULL,
                user_id \(d.integer) NOT NULL REFERENCES users,
                password_digest \(d.bytes) NOT NULL,
                address \(d.text) NOT NULL,
                attempts \(d.integer) NOT NULL,
                created_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                consumed_at \(d.instant),
                CONSTRAINT sign_in_challenges_token_once UNIQUE (token_hash),
                CONSTRAINT sign_in_challenges_attempts CHECK (attempts BETWEEN 0 AND 5)
            )\(d.strict)
            """,
            "CREATE INDEX sign_in_challenges_user ON sign_in_challenges (user_id)",
            "CREATE INDEX sign_in_challenges_expiry ON sign_in_challenges (expires_at)",
        ]
    }
}
