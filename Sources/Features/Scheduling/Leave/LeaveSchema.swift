import Persistence

/// The schema ensures that two leaves of a doctor never overlap.
enum LeaveSchema {
    static let migration = Migration("scheduling/leaves") { d in
        // Of two indexes that would do PostgreSQL takes the younger: this one costs a booking less than the constraint's.
        leaves(d) + overlap(d) + ["CREATE INDEX doctor_leaves_doctor ON doctor_leaves (doctor_id, end_date)"]
    }

    private static func leaves(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE doctor_leaves (
                id \(d.identity),
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                start_date \(d.date) NOT NULL,
                end_date \(d.date) NOT NULL,
                reason \(d.text) CHECK (length(reason) <= 500),
                created_at \(d.instant) NOT NULL,
                CONSTRAINT doctor_leaves_order CHECK (start_date <= end_date)
            )\(d.strict)
            """
        ]
    }

    private static func overlap(_ d: Dialect) -> [SQL] {
        guard d == .sqlite else {
            return [
                """
                ALTER TABLE doctor_leaves ADD CONSTRAINT doctor_leaves_overlap
                EXCLUDE USING gist (doctor_id WITH =, daterange(start_date, end_date, '[]') WITH &&)
                """
            ]
        }
        return ["INSERT", "UPDATE"].map { (event: SQL) -> SQL in
            """
            CREATE TRIGGER doctor_leaves_overlap_\(event) BEFORE \(event) ON doctor_leaves
            BEGIN
                SELECT RAISE(ABORT, 'doctor_leaves_overlap') WHERE EXISTS (
                    SELECT 1 FROM doctor_leaves
                    WHERE doctor_id = NEW.doctor_id AND id IS NOT NEW.id
                      AND start_date <= NEW.end_date AND end_date >= NEW.start_date);
            END
            """
        }
    }
}
