import Persistence

enum BreakGlassSchema {
    static let ids = IDAllocator("break_glass_ids")

    static let migration = Migration("directory/break-glass") { d in
        [
            Migration.createAllocator("break_glass_ids", dialect: d),
            """
            CREATE TABLE break_glass_grants (
                id \(d.integer) PRIMARY KEY,
                user_id \(d.integer) NOT NULL REFERENCES users,
                role \(d.text) NOT NULL,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                reason \(d.bytes) NOT NULL,
                opened_at \(d.instant) NOT NULL,
                ends_at \(d.instant) NOT NULL,
                closed_at \(d.instant),
                closed_by \(d.integer) REFERENCES users,
                reviewed_at \(d.instant),
                reviewed_by \(d.integer) REFERENCES users,
                is_self_reviewed \(d.boolean) NOT NULL DEFAULT FALSE,
                CONSTRAINT break_glass_role CHECK (role IN ('DOCTOR', 'ADMIN')),
                CONSTRAINT break_glass_span CHECK (ends_at > opened_at),
                CONSTRAINT break_glass_reviewed_is_closed CHECK (reviewed_at IS NULL OR closed_at IS NOT NULL),
                CONSTRAINT break_glass_reviewer CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL))
            )\(d.strict)
            """,
            "CREATE UNIQUE INDEX break_glass_open_once ON break_glass_grants (user_id, patient_id) WHERE closed_at IS NULL",
            "CREATE INDEX break_glass_patient ON break_glass_grants (patient_id)",
            "CREATE INDEX break_glass_review ON break_glass_grants (opened_at, id) WHERE reviewed_at IS NULL",
            "CREATE INDEX break_glass_order ON break_glass_grants (opened_at, id)",
        ]
    }
}
