/// Rows of the audit log say what changed, can be listed by time, and are never changed: the database refuses to.
enum AuditMigration {
    static let migration = Migration(11, "audit rows are only ever added") { d in
        [
            "ALTER TABLE audit_log ADD COLUMN state_before \(d.text)",
            "ALTER TABLE audit_log ADD COLUMN state_after \(d.text)",
            "CREATE INDEX audit_log_time ON audit_log (at, shard, sequence)",
        ] + (d == .postgres ? [postgresRefusal] + postgresTriggers(on: "audit_log") : sqliteTriggers(on: "audit_log"))
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

    /// An index of the log by patient would cost each audited booking a page of its own; see ``AuditByPatient``.
    static let byPatient = Migration(26, "audit rows are listed by patient behind the log") { d in
        let clustered: SQL = d == .postgres ? "" : ", WITHOUT ROWID"
        return [
            """
            CREATE TABLE audit_by_patient (
                patient_id \(d.integer) NOT NULL,
                at \(d.instant) NOT NULL,
                shard \(d.integer) NOT NULL,
                sequence \(d.integer) NOT NULL,
                PRIMARY KEY (patient_id, at, shard, sequence)
            )\(d.strict)\(clustered)
            """,
            """
            CREATE TABLE audit_listed (
                shard \(d.integer) PRIMARY KEY,
                sequence \(d.integer) NOT NULL
            )\(d.strict)
            """,
            """
            INSERT INTO audit_by_patient SELECT patient_id, at, shard, sequence FROM audit_log
            WHERE patient_id IS NOT NULL ORDER BY patient_id, at, shard, sequence
            """,
            "INSERT INTO audit_listed SELECT shard, max(sequence) FROM audit_log GROUP BY shard",
            "DROP INDEX audit_log_patient",
        ] + (d == .postgres ? postgresTriggers(on: "audit_by_patient") : sqliteTriggers(on: "audit_by_patient"))
    }

    private static func sqliteTriggers(on table: SQL) -> [SQL] {
        ["UPDATE", "DELETE"].map { (event: SQL) -> SQL in
            """
            CREATE TRIGGER \(table)_\(event) BEFORE \(event) ON \(table)
            BEGIN SELECT RAISE(ABORT, 'audit_log_is_append_only'); END
            """
        }
    }

    private static let postgresRefusal: SQL = """
        CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit_log_is_append_only'; END $$
        """

    private static func postgresTriggers(on table: SQL) -> [SQL] {
        [
            """
            CREATE TRIGGER \(table)_change BEFORE UPDATE OR DELETE ON \(table)
            FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()
            """,
            """
            CREATE TRIGGER \(table)_truncate BEFORE TRUNCATE ON \(table)
            FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()
            """,
        ]
    }
}
