import Persistence

/// What calendars need beyond appointments and leaves themselves.
enum CalendarSchema {
    static func holidays(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE clinic_holidays (
                day \(d.date) PRIMARY KEY,
                name \(d.text) NOT NULL CHECK (length(name) BETWEEN 1 AND 100)
            )\(d.strict)
            """
        ]
    }

    /// A reason for cancelling is what a patient or a doctor says about a patient, so it is stored encrypted; no release
    /// has written the clear column. Holds have a small index of their own, because
    /// bookings look for those that have run out.
    static func appointments(_ d: Dialect) -> [SQL] {
        [
            "ALTER TABLE appointments DROP COLUMN cancellation_reason",
            "ALTER TABLE appointments ADD COLUMN cancellation_reason \(d.bytes)",
            "ALTER TABLE appointments ADD COLUMN deleted_at \(d.instant)",
            """
            CREATE INDEX appointments_holds ON appointments (held_until)
            WHERE is_active AND status = 'BOOKED' AND held_until IS NOT NULL
            """,
        ]
    }

    static func leaves(_ d: Dialect) -> [SQL] {
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
