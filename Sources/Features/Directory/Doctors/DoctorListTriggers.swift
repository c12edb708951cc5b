import Persistence

/// What lists of doctors filter and sort by, copied onto the doctors' rows, so that a page of a list is found by one index
/// and not by joining three tables first. Triggers keep the copies correct on every write path.
enum DoctorListTriggers {
    static func statements(_ d: Dialect) -> [SQL] { d == .postgres ? postgresTriggers : sqliteTriggers }

    private static let copyRating: SQL =
        "UPDATE doctors SET review_count = NEW.review_count, average_rating = NEW.average WHERE id = NEW.doctor_id"

    private static let copyActive: SQL = "UPDATE doctors SET is_active = NEW.is_active WHERE id = NEW.id"

    /// A doctor's row is made after the account, which may have been made inactive.
    private static let readActive: SQL = """
        UPDATE doctors SET is_active = FALSE
        WHERE id = NEW.id AND EXISTS (SELECT 1 FROM users u WHERE u.id = NEW.id AND NOT u.is_active)
        """

    private static let sqliteTriggers: [SQL] = [
        "CREATE TRIGGER doctor_ratings_insert AFTER INSERT ON doctor_ratings BEGIN \(copyRating); END",
        "CREATE TRIGGER doctor_ratings_update AFTER UPDATE ON doctor_ratings BEGIN \(copyRating); END",
        "CREATE TRIGGER doctors_insert AFTER INSERT ON doctors BEGIN \(readActive); END",
        "CREATE TRIGGER users_active AFTER UPDATE OF is_active ON users BEGIN \(copyActive); END",
    ]

    private static let postgresTriggers: [SQL] = [
        function("doctor_ratings_copy", copyRating),
        """
        CREATE TRIGGER doctor_ratings_copy AFTER INSERT OR UPDATE ON doctor_ratings
        FOR EACH ROW EXECUTE FUNCTION doctor_ratings_copy()
        """,
        function("doctors_read_active", readActive),
        "CREATE TRIGGER doctors_insert AFTER INSERT ON doctors FOR EACH ROW EXECUTE FUNCTION doctors_read_active()",
        function("users_copy_active", copyActive),
        """
        CREATE TRIGGER users_active AFTER UPDATE OF is_active ON users
        FOR EACH ROW WHEN (NEW.is_active IS DISTINCT FROM OLD.is_active) EXECUTE FUNCTION users_copy_active()
        """,
    ]

    private static func function(_ name: SQL, _ statement: SQL) -> SQL {
        "CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(statement); RETURN NULL; END $$"
    }
}
