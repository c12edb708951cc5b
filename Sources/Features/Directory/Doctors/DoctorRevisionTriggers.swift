import Persistence

/// A number on a doctor's row that rises with every change of what lists show of the doctor, so that text made of it can be
/// kept (``DoctorJSONCache``). Triggers raise it on every write path.
enum DoctorRevisionTriggers {
    static func statements(_ d: Dialect) -> [SQL] { d == .postgres ? postgresTriggers : sqliteTriggers }

    private static let qualifications: [SQL] = ["doctor_experiences", "doctor_educations", "doctor_certificates"]

    /// Any update of a doctor's row raises the number, including this one.
    private static func touch(_ doctor: SQL) -> SQL {
        "UPDATE doctors SET revision = revision WHERE id = \(doctor)"
    }

    private static let sqliteTriggers: [SQL] =
        [
            """
            CREATE TRIGGER doctors_revision AFTER UPDATE ON doctors WHEN NEW.revision = OLD.revision BEGIN
                UPDATE doctors SET revision = OLD.revision + 1 WHERE id = NEW.id;
            END
            """,
            """
            CREATE TRIGGER users_doctor_revision AFTER UPDATE OF username, email, role ON users BEGIN
                \(touch("NEW.id"));
            END
            """,
        ]
        + qualifications.flatMap { table in
            [
                "CREATE TRIGGER \(table)_added AFTER INSERT ON \(table) BEGIN \(touch("NEW.doctor_id")); END",
                "CREATE TRIGGER \(table)_changed AFTER UPDATE ON \(table) BEGIN \(touch("NEW.doctor_id")); END",
                "CREATE TRIGGER \(table)_removed AFTER DELETE ON \(table) BEGIN \(touch("OLD.doctor_id")); END",
            ]
        }

    private static let postgresTriggers: [SQL] =
        [
            """
            CREATE FUNCTION doctors_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN NEW.revision := OLD.revision + 1; RETURN NEW; END $$
            """,
            """
            CREATE TRIGGER doctors_revision BEFORE UPDATE ON doctors
            FOR EACH ROW EXECUTE FUNCTION doctors_count_change()
            """,
            """
            CREATE FUNCTION users_touch_doctor() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN \(touch("NEW.id")); RETURN NULL; END $$
            """,
            """
            CREATE TRIGGER users_doctor_revision AFTER UPDATE OF username, email, role ON users
            FOR EACH ROW WHEN (NEW.role = 'DOCTOR' OR OLD.role = 'DOCTOR') EXECUTE FUNCTION users_touch_doctor()
            """,
            """
            CREATE FUNCTION qualifications_touch_doctor() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN \(touch("coalesce(NEW.doctor_id, OLD.doctor_id)")); RETURN NULL; END $$
            """,
        ]
        + qualifications.map { table in
            """
            CREATE TRIGGER \(table)_revision AFTER INSERT OR UPDATE OR DELETE ON \(table)
            FOR EACH ROW EXECUTE FUNCTION qualifications_touch_doctor()
            """
        }
}
