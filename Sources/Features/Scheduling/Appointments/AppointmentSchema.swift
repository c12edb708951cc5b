import Persistence

/// The schema itself ensures, on every write path, that two active appointments of one doctor, or of one patient, never
/// overlap.
enum AppointmentSchema {
    static let migration = Migration("scheduling/appointments") { d in
        appointments(d) + (d == .postgres ? exclusionConstraints : overlapTriggers)
    }

    /// Appointment ids are taken before the insert, because the encrypted reason is bound to them.
    static let appointmentIDs = IDAllocator("appointment_ids")

    static let doctorOverlap = "appointments_doctor_overlap"
    static let doctorOverlapName: SQL = "appointments_doctor_overlap"
    static let doctorKnown = "appointments_doctor_id_fkey"
    static let patientOverlap = "appointments_patient_overlap"

    /// The reason for cancelling is what a patient or a doctor says about a patient, so it is encrypted like the other one.
    /// Room ids are random numbers of 122 bits and nothing looks for one, so no index keeps them apart.
    private static func appointments(_ d: Dialect) -> [SQL] {
        (d == .postgres ? [statusDomain] : []) + [
            Migration.createAllocator("appointment_ids", dialect: d),
            """
            CREATE TABLE appointments (
                id \(d.integer) PRIMARY KEY,
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                starts_at \(d.instant) NOT NULL,
                ends_at \(d.instant) NOT NULL,
                status \(status(d)) NOT NULL,
                reason \(d.bytes),
                is_active \(d.boolean) NOT NULL DEFAULT TRUE,
                is_emergency \(d.boolean) NOT NULL DEFAULT FALSE,
                held_until \(d.instant),
                fee \(d.integer) NOT NULL DEFAULT 0,
                terms \(d.text) NOT NULL DEFAULT '',
                paid_at \(d.instant),
                series_id \(d.integer),
                video_room_id \(d.text) NOT NULL,
                cancellation_reason \(d.bytes),
                deleted_at \(d.instant),
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                status_changed_at \(d.instant),
                status_changed_by \(d.text) NOT NULL,
                \(statusRule(d))
                CONSTRAINT appointments_span CHECK (starts_at < ends_at AND \(span(d)))
            )\(d.strict)
            """,
            "CREATE INDEX appointments_doctor ON appointments (doctor_id, starts_at)",
            "CREATE INDEX appointments_patient ON appointments (patient_id, starts_at)",
            "CREATE INDEX appointments_holds ON appointments (held_until) WHERE held_until IS NOT NULL",
        ]
    }

    /// The text of a table's `CHECK` is parsed by every insert on PostgreSQL, a domain's is remembered.
    private static let statusDomain: SQL =
        "CREATE DOMAIN appointment_status AS text CONSTRAINT appointments_status_known CHECK (VALUE IN (\(statuses)))"

    private static let statuses = AppointmentStatus.listed(AppointmentStatus.allCases)

    private static func status(_ d: Dialect) -> SQL { d == .postgres ? "appointment_status" : "TEXT" }

    private static func statusRule(_ d: Dialect) -> SQL {
        d == .postgres ? "" : "CONSTRAINT appointments_status_known CHECK (status IN (\(statuses))),"
    }

    /// At most 24 hours (rules/calendar-and-slots 6): it bounds how far back the overlap triggers look.
    private static func span(_ d: Dialect) -> SQL {
        d == .postgres ? "ends_at <= starts_at + interval '24 hours'" : "ends_at <= starts_at + 86400000000"
    }

    private static let occupying = CalendarRepository.standing

    private static let exclusionConstraints: [SQL] = [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        """
        ALTER TABLE appointments ADD CONSTRAINT appointments_doctor_overlap
        EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (\(occupying))
        """,
        """
        ALTER TABLE appointments ADD CONSTRAINT appointments_patient_overlap
        EXCLUDE USING gist (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (\(occupying))
        """,
    ]

    private static let overlapTriggers: [SQL] = ["doctor", "patient"].flatMap { (person: SQL) -> [SQL] in
        ["INSERT", "UPDATE"].map { (event: SQL) -> SQL in
            """
            CREATE TRIGGER appointments_\(person)_overlap_\(event) BEFORE \(event) ON appointments
            WHEN NEW.\(occupyingNew)
            BEGIN
                SELECT RAISE(ABORT, 'appointments_\(person)_overlap') WHERE EXISTS (
                    SELECT 1 FROM appointments
                    WHERE \(person)_id = NEW.\(person)_id AND id <> NEW.id AND \(occupying)
                      AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
                      AND starts_at > NEW.starts_at - 86400000000);
            END
            """
        }
    }

    private static let occupyingNew: SQL =
        "is_active AND NEW.status IN (\(AppointmentStatus.listed(AppointmentStatus.occupying)))"
}
