/// The tables of the platform itself.
package enum PlatformSchema {
    package static let migrations: [Migration] = [
        Migration("platform/id-allocators") { d in idAllocators(d) },
        Migration("platform/idempotency-keys") { d in idempotencyKeys(d) },
        Migration("platform/revocations") { d in RevocationFeed.tables(d) },
        Migration("platform/installation") { d in installationKeys(d) },
    ]

    private static func idAllocators(_ d: Dialect) -> [SQL] {
        guard d == .sqlite else { return [] }
        return ["CREATE TABLE id_allocators (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT"]
    }

    /// Fingerprints of the secrets that the database is used with.
    private static func installationKeys(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE installation_keys (
                name \(d.text) PRIMARY KEY,
                fingerprint \(d.text) NOT NULL,
                created_at \(d.instant) NOT NULL
            )\(d.strict)
            """
        ]
    }

    private static func idempotencyKeys(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE idempotency_keys (
                principal_id \(d.integer) NOT NULL,
                route \(d.text) NOT NULL,
                key \(d.text) NOT NULL,
                body_hash \(d.bytes) NOT NULL,
                status \(d.integer),
                answer \(d.bytes),
                created_at \(d.instant) NOT NULL,
                PRIMARY KEY (principal_id, route, key)
            )\(d.strict)
            """,
            "CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)",
        ]
    }
}
