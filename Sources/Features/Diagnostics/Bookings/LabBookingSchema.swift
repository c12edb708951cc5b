import Persistence

enum LabBookingSchema {
    /// Taken before the insert, because the sealed notes are bound to them.
    static let ids = IDAllocator("lab_booking_ids")

    static let migration = Migration("diagnostics/lab-bookings", bookings)

    /// Prices are in paise, and are those of the moment of booking. Which tests were chosen is kept as numbers, like the
    /// doctor of an appointment; what is said about them is sealed (rules/lab-bookings 8).
    ///
    /// `request_key` names the request with an Idempotency-Key that made the booking, `request_body` what it said: they
    /// bridge the time until its answer is stored (rules/lab-bookings 6).
    @Sendable
    private static func bookings(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("lab_booking_ids", dialect: d),
            """
            CREATE TABLE lab_bookings (
                id \(d.integer) PRIMARY KEY,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                doctor_id \(d.integer) REFERENCES doctors,
                total_price \(d.integer) NOT NULL CHECK (total_price BETWEEN 1 AND 9999999999),
                booked_for \(d.instant) NOT NULL,
                status \(d.text) NOT NULL CHECK (status IN ('PENDING', 'COMPLETED', 'CANCELLED', 'REFUNDED')),
                notes \(d.bytes),
                returned_at \(d.instant),
                request_key \(d.bytes) CONSTRAINT lab_bookings_request_once UNIQUE,
                request_body \(d.bytes),
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                status_changed_at \(d.instant),
                status_changed_by \(d.text),
                CHECK ((request_key IS NULL) = (request_body IS NULL))
            )\(d.strict)
            """,
            "CREATE INDEX lab_bookings_patient ON lab_bookings (patient_id, booked_for, id)",
            "CREATE INDEX lab_bookings_doctor ON lab_bookings (doctor_id, patient_id) WHERE doctor_id IS NOT NULL",
            "CREATE INDEX lab_bookings_date ON lab_bookings (booked_for, id)",
            "CREATE INDEX lab_bookings_status ON lab_bookings (status, booked_for, id)",
            """
            CREATE TABLE lab_booking_tests (
                booking_id \(d.integer) NOT NULL REFERENCES lab_bookings,
                position \(d.integer) NOT NULL,
                lab_test_id \(d.integer) NOT NULL REFERENCES lab_tests,
                price \(d.integer) NOT NULL CHECK (price > 0),
                PRIMARY KEY (booking_id, position),
                CONSTRAINT lab_booking_tests_once UNIQUE (booking_id, lab_test_id)
            )\(d.strict)
            """,
            "CREATE INDEX lab_booking_tests_test ON lab_booking_tests (lab_test_id)",
        ]
    }
}
