/// The tables of the platform itself.
package enum PlatformMigrations {
    package static let all: [Migration] = [
        Migration(1, "outbox, idempotency, audit, id allocators") { d in
            idAllocators(d) + outbox(d) + idempotencyKeys(d) + auditLog(d)
        },
        AuditMigration.migration, AuditMigration.userAgent,
        Migration(18, "outbox messages given up") { _ in
            ["CREATE INDEX outbox_parked ON outbox (id) WHERE done_at IS NULL AND parked_at IS NOT NULL"]
        },
        AuditMigration.ownData,
        Migration(25, "outbox messages due by kind") { _ in
            [
                "DROP INDEX outbox_due",
                """
                CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE done_at IS NULL AND parked_at IS NULL
                """,
            ]
        },
        AuditMigration.byPatient,
    ]

    private static func idAllocators(_ d: Dialect) -> [SQL] {
        guard d == .sqlite else { return [] }
        return ["CREATE TABLE id_allocators (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT"]
    }

    private static func outbox(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE outbox (
                id \(d.identity),
                kind \(d.text) NOT NULL,
                subject \(d.text) NOT NULL,
                channel \(d.text) NOT NULL,
                version \(d.integer) NOT NULL,
                payload \(d.text) NOT NULL,
                created_at \(d.instant) NOT NULL,
                due_at \(d.instant) NOT NULL,
                attempts \(d.integer) NOT NULL DEFAULT 0,
                claimed_until \(d.instant),
                last_error \(d.text),
                done_at \(d.instant),
                parked_at \(d.instant),
                CONSTRAINT outbox_once UNIQUE (subject, kind, channel, version)
            )\(d.strict)
            """,
            "CREATE INDEX outbox_due ON outbox (due_at) WHERE done_at IS NULL AND parked_at IS NULL",
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

    private static func auditLog(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE audit_log (
                shard \(d.integer) NOT NULL,
                sequence \(d.integer) NOT NULL,
                at \(d.instant) NOT NULL,
                actor_id \(d.integer),
                actor_role \(d.text),
                action \(d.text) NOT NULL,
                entity \(d.text) NOT NULL,
                entity_id \(d.text) NOT NULL,
                patient_id \(d.integer),
                outcome \(d.text) NOT NULL,
                reason \(d.text),
                request_id \(d.text) NOT NULL,
                address \(d.text) NOT NULL,
                mac \(d.bytes) NOT NULL,
                CONSTRAINT audit_log_chain PRIMARY KEY (shard, sequence)
            )\(d.strict)
            """,
            "CREATE INDEX audit_log_patient ON audit_log (patient_id, at) WHERE patient_id IS NOT NULL",
            "CREATE INDEX audit_log_actor ON audit_log (actor_id, at) WHERE actor_id IS NOT NULL",
        ]
    }
}
