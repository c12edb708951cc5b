import Persistence

/// A number on a doctor's row that rises with every change of what lists show of the doctor, so that text made of it can be
/// kept (``DoctorJSONCache``). Triggers raise it on every write path, and count the doctor's entries.
enum DoctorRevisionTriggers {
    static func statements(_ d: Dialect) -> [SQL] { d == .postgres ? postgresTriggers : sqliteTriggers }

    /// Each list below a profile with the number of its entries, which spares lists a look at empty ones.
    private static let lists: [(table: SQL, count: SQL)] = [
        ("doctor_experiences", "experience_count"), ("doctor_educations", "education_count"),
        ("doctor_certificates", "certificate_count"),
    ]

    /// Any update of a doctor's row raises the number, including this one.
    private static func touch(_ doctor: SQL) -> SQL {
        "UPDATE doctors SET revision = revision WHERE id = \(doctor)"
    }

    private static func recount(_ list: (table: SQL, count: SQL), _ doctor: SQL) -> SQL {
        """
        UPDATE doctors SET \(list.count) = (SELECT count(*) FROM \(list.table) l WHERE l.doctor_id = \(doctor))
        WHERE id = \(doctor)
        """
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
        + lists.flatMap { list -> [SQL] in
            let (table, added) = (list.table, recount(list, "NEW.doctor_id"))
            return [
                "CREATE TRIGGER \(table)_added AFTER INSERT ON \(table) BEGIN \(added); END",
                "CREATE TRIGGER \(table)_changed AFTER UPDATE ON \(table) BEGIN \(touch("NEW.doctor_id")); END",
                "CREATE TRIGGER \(table)_removed AFTER DELETE ON \(table) BEGIN \(recount(list, "OLD.doctor_id")); END",
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
        ]
        + lists.flatMap { list -> [SQL] in
            [
                """
                CREATE FUNCTION \(list.table)_recount() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN \(recount(list, "coalesce(NEW.doctor_id, OLD.doctor_id)")); RETURN NULL; END $$
                """,
                """
                CREATE TRIGGER \(list.table)_revision AFTER INSERT OR UPDATE OR DELETE ON \(list.table)
                FOR EACH ROW EXECUTE FUNCTION \(list.table)_recount()
                """,
            ]
        }
}
