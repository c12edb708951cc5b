/// Rows of the audit log say what changed, can be listed by time, and are never changed: the database refuses to.
enum AuditMigration {
    static let migration = Migration(11, "audit rows are only ever added") { d in
        [
            "ALTER TABLE audit_log ADD COLUMN state_before \(d.text)",
            "ALTER TABLE audit_log ADD COLUMN state_after \(d.text)",
            "CREATE INDEX audit_log_time ON audit_log (at, shard, sequence)",
        ] + (d == .postgres ? postgresTriggers : sqliteTriggers)
    }

    static let userAgent = Migration(17, "user agents in the audit log") { d in
        ["ALTER TABLE audit_log ADD COLUMN user_agent \(d.text)"]
    }

    /// What people do with their own data is nearly all of the log, and the patient's index finds it; keeping it out of the
    /// other one is a page less to write for each booking.
    static let ownData = Migration(24, "audit rows about one's own data are found by patient") { _ in
        [
            "DROP INDEX audit_log_actor",
            """
            CREATE INDEX audit_log_actor ON audit_log (actor_id, at)
            WHERE actor_id IS NOT NULL AND actor_id IS DISTINCT FROM patient_id
            """,
        ]
    }

    private static let sqliteTriggers: [SQL] = ["UPDATE", "DELETE"].map { (event: SQL) -> SQL in
        """
        CREATE TRIGGER audit_log_\(event) BEFORE \(event) ON audit_log
        BEGIN SELECT RAISE(ABORT, 'audit_log_is_append_only'); END
        """
    }

    private static let postgresTriggers: [SQL] = [
        """
        CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit_log_is_append_only'; END $$
        """,
        """
        CREATE TRIGGER audit_log_change BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()
        """,
        """
        CREATE TRIGGER audit_log_truncate BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()
        """,
    ]
}
