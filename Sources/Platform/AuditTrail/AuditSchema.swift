package import Persistence

/// The audit log. Rows are never changed: the database refuses to.
package enum AuditSchema {
    package static let migrations = [migration]

    private static let migration = Migration("platform/audit-log") { d in
        log(d) + patients(d) + (d == .postgres ? [postgresRefusal] : [])
            + ["audit_log", "audit_patients"].flatMap { (table: SQL) -> [SQL] in
                d == .postgres ? postgresTriggers(on: table) : sqliteTriggers(on: table)
            }
    }

    /// Most of the log is what people do with their own data, and the patient's list finds that; leaving it out of the
    /// index by actor saves each booking a page.
    private static func log(_ d: Dialect) -> [SQL] {
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
                patients \(d.text),
                outcome \(d.text) NOT NULL,
                reason \(d.text),
                request_id \(d.text) NOT NULL,
                address \(d.text) NOT NULL,
                mac \(d.bytes) NOT NULL,
                state_before \(d.text),
                state_after \(d.text),
                user_agent \(d.text),
                CONSTRAINT audit_log_chain PRIMARY KEY (shard, sequence)
            )\(d.strict)
            """,
            "CREATE INDEX audit_log_time ON audit_log (at, shard, sequence)",
            """
            CREATE INDEX audit_log_actor ON audit_log (actor_id, at)
            WHERE actor_id IS NOT NULL AND actor_id IS DISTINCT FROM patient_id
            """,
        ]
    }

    /// Where the rows about each patient are, written with them.
    private static func patients(_ d: Dialect) -> [SQL] {
        let clustered: SQL = d == .postgres ? "" : ", WITHOUT ROWID"
        return [
            """
            CREATE TABLE audit_patients (
                patient_id \(d.integer) NOT NULL,
                at \(d.instant) NOT NULL,
                shard \(d.integer) NOT NULL,
                sequence \(d.integer) NOT NULL,
                PRIMARY KEY (patient_id, at, shard, sequence)
            )\(d.strict)\(clustered)
            """
        ]
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
