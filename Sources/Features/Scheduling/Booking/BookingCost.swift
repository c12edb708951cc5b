import Persistence

/// What PostgreSQL need not do for every booking (Documentation/decisions/0015-booking-statement.md).
enum BookingCost {
    /// The text of a table's `CHECK` is parsed anew by every insert, a domain's is remembered. Room ids are random numbers
    /// of 122 bits, and nothing looks for one, so an index that keeps them apart says nothing that is not certain anyway.
    /// Appointments that are no holds are told from holds by one column.
    static let statements: [SQL] = [
        """
        ALTER TABLE appointments DROP CONSTRAINT appointments_status_known, DROP CONSTRAINT appointments_room_once
        """,
        """
        CREATE DOMAIN appointment_status AS text CONSTRAINT appointments_status_known CHECK (VALUE IN ('BOOKED',
            'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'CANCELLED_BY_PATIENT',
            'CANCELLED_BY_DOCTOR', 'NO_SHOW'))
        """,
        "DROP INDEX appointments_holds",
        "ALTER TABLE appointments ALTER COLUMN status TYPE appointment_status",
        "CREATE INDEX appointments_holds ON appointments (held_until) WHERE held_until IS NOT NULL",
    ]
}
