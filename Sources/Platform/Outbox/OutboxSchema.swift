package import Persistence

/// Messages that wait for a worker, and those it has carried out.
package enum OutboxSchema {
    package static let migrations = [migration]

    private static let migration = Migration("platform/outbox") { d in outbox(d) }

    private static func outbox(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE outbox (
                id \(d.identity),
                kind \(d.text) NOT NULL,
                key \(d.text) NOT NULL,
                payload \(d.text) NOT NULL,
                created_at \(d.instant) NOT NULL,
                due_at \(d.instant) NOT NULL,
                attempts \(d.integer) NOT NULL DEFAULT 0,
                claim \(d.text),
                claimed_until \(d.instant),
                last_error \(d.text),
                done_at \(d.instant),
                parked_at \(d.instant),
                CONSTRAINT outbox_once UNIQUE (kind, key)
            )\(d.strict)
            """,
            "CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE done_at IS NULL AND parked_at IS NULL",
            "CREATE INDEX outbox_parked ON outbox (id) WHERE done_at IS NULL AND parked_at IS NOT NULL",
            "CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL",
        ]
    }
}
