import Persistence

/// The schema ensures that two windows, or two breaks, of a weekday never overlap.
enum WorkingHoursSchema {
    static let migration = Migration("scheduling/working-hours") { d in
        table(d) + (d == .postgres ? exclusion : triggers)
    }

    private static func table(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE working_hours (
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                weekday \(d.integer) NOT NULL CHECK (weekday BETWEEN 1 AND 7),
                kind \(d.text) NOT NULL CHECK (kind IN ('WORK', 'BREAK')),
                start_minute \(d.integer) NOT NULL,
                end_minute \(d.integer) NOT NULL,
                CONSTRAINT working_hours_order CHECK (0 <= start_minute AND start_minute < end_minute
                                                      AND end_minute <= 1440),
                CONSTRAINT working_hours_once PRIMARY KEY (doctor_id, weekday, kind, start_minute)
            )\(d.strict)
            """
        ]
    }

    private static let exclusion: [SQL] = [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        """
        ALTER TABLE working_hours ADD CONSTRAINT working_hours_overlap
        EXCLUDE USING gist (doctor_id WITH =, weekday WITH =, kind WITH =, int8range(start_minute, end_minute) WITH &&)
        """,
    ]

    private static let triggers: [SQL] = ["INSERT", "UPDATE"].map { (event: SQL) -> SQL in
        """
        CREATE TRIGGER working_hours_overlap_\(event) BEFORE \(event) ON working_hours
        BEGIN
            SELECT RAISE(ABORT, 'working_hours_overlap') WHERE EXISTS (
                SELECT 1 FROM working_hours
                WHERE doctor_id = NEW.doctor_id AND weekday = NEW.weekday AND kind = NEW.kind
                  AND start_minute <> NEW.start_minute
                  AND start_minute < NEW.end_minute AND end_minute > NEW.start_minute);
        END
        """
    }
}
