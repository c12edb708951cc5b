import CareSyncCore
import Directory
import Persistence

/// The SQL of paying for appointments.
struct PayableRepository {
    let db: any Connection

    /// A transaction lasts less than this: a hold that ends later cannot run out while one waits for its row.
    private static let longestWait = TimeSpan.seconds(30)

    /// Deleted ones included, because money may have been paid for them.
    func find(_ id: AppointmentID) throws -> AppointmentRepository.WithDoctor? {
        try db.first("\(AppointmentRepository.withDoctor) WHERE a.id = \(id)")
    }

    /// An appointment with the rows of doctor, patient and itself locked in this order, in one statement. What only gets a
    /// mark shares the doctor's row with bookings. What may have to take its time once more has the row for itself, as a
    /// move does: what is free then stays free.
    func lock(_ id: AppointmentID) throws -> AppointmentRepository.WithDoctor? {
        try db.first(Self.lock(id, doctor: db.dialect.forKeyShare(of: "d"), if: "NOT", at: db.now, db.dialect))
            ?? db.first(Self.lock(id, doctor: db.dialect.forUpdate(of: "d"), if: "", at: db.now, db.dialect))
    }

    static func lock(_ id: AppointmentID, doctor: SQL, if not: SQL, at now: Instant, _ dialect: Dialect) -> SQL {
        """
        \(AppointmentRepository.withDoctor) JOIN patients p ON p.id = a.patient_id
        WHERE a.id = \(id) AND \(not) (a.held_until IS NOT NULL
            AND (a.status <> 'BOOKED' OR a.held_until <= \(now + longestWait)))\(doctor)
        \(dialect.forNoKeyUpdate(of: "p"))\(dialect.forUpdate(of: "a"))
        """
    }

    /// Confirms a hold that stands; `nil` when it is anything else.
    func confirm(_ id: AppointmentID, by username: String) throws -> AppointmentEffects.Subject? {
        let now = db.now
        return try db.first(
            """
            UPDATE appointments \(Self.confirming(now, username))
            WHERE id = \(id) AND is_active AND status = 'BOOKED' AND held_until > \(now) AND starts_at > \(now)
            RETURNING \(AppointmentEffects.Subject.columns)
            """)
    }

    /// Confirms a hold that has run out, whether or not the system has ended it already.
    func revive(_ id: AppointmentID, by username: String) throws -> AppointmentEffects.Subject? {
        try db.first(
            """
            UPDATE appointments \(Self.confirming(db.now, username)) WHERE id = \(id) AND \(Self.ranOut(db.now))
            RETURNING \(AppointmentEffects.Subject.columns)
            """)
    }

    /// Whether nothing stands in the way of a hold that has run out: its time lies ahead, both are there, the doctor works
    /// that day, and neither has anything else then.
    func canReturn(_ appointment: Appointment, on date: LocalDate) throws -> Bool {
        guard let settings: CalendarSettings = try db.first(CalendarSettings.find(appointment.doctorID)),
            settings.isBookable
        else { return false }
        let gap = settings.rules(.standard).gap
        return try db.exists(Self.returnable(appointment, on: date, gap: gap, at: db.now))
    }

    static func returnable(_ appointment: Appointment, on date: LocalDate, gap: TimeSpan, at now: Instant) -> SQL {
        let (id, doctor, patient) = (appointment.id, appointment.doctorID, appointment.patientID)
        let span = Interval(start: appointment.startsAt, end: appointment.endsAt)
        return """
            SELECT 1 FROM users u
            WHERE u.id = \(patient) AND u.is_active
              AND EXISTS (SELECT 1 FROM appointments WHERE id = \(id) AND \(ranOut(now)))
              AND \(BookingRepository.isPresent(date, doctor))
              AND NOT EXISTS (SELECT 1 FROM clinic_holidays h WHERE h.day = \(date))
              AND NOT EXISTS (SELECT 1 FROM appointments
                              WHERE doctor_id = \(doctor) AND id <> \(id)
                                AND \(CalendarRepository.touching(span.widened(by: gap)))
                                AND \(CalendarRepository.occupying(now)))
              AND NOT EXISTS (SELECT 1 FROM appointments
                              WHERE patient_id = \(patient) AND id <> \(id)
                                AND \(CalendarRepository.touching(span)) AND \(CalendarRepository.occupying(now)))
            """
    }

    /// A hold that was neither paid for nor given back, and whose time lies ahead. Only the system ends one by itself.
    private static func ranOut(_ now: Instant) -> SQL {
        """
        held_until <= \(now) AND starts_at > \(now) AND paid_at IS NULL AND deleted_at IS NULL
          AND (status = 'BOOKED' AND is_active OR status = 'CANCELLED' AND status_changed_by = 'SYSTEM')
        """
    }

    private static func confirming(_ now: Instant, _ username: String) -> SQL {
        """
        SET status = 'CONFIRMED', is_active = TRUE, held_until = NULL, paid_at = \(now), status_changed_at = \(now),
            status_changed_by = \(username), updated_at = \(now), version = version + 1
        """
    }

    /// Paid, and as it was otherwise.
    func markPaid(_ id: AppointmentID) throws {
        try db.run("UPDATE appointments SET paid_at = \(db.now), updated_at = \(db.now) WHERE id = \(id)")
    }

    func markUnpaid(_ id: AppointmentID) throws {
        try db.run("UPDATE appointments SET paid_at = NULL, updated_at = \(db.now) WHERE id = \(id)")
    }

    func unpaid(of patient: PatientID, amount: Money, since: Instant) throws -> AppointmentID? {
        try db.value(Self.unpaid(of: patient, amount: amount, since: since, at: db.now))
    }

    /// What was booked since then begins not much earlier.
    static func unpaid(of patient: PatientID, amount: Money, since: Instant, at now: Instant) -> SQL {
        """
        SELECT id FROM appointments
        WHERE patient_id = \(patient) AND starts_at > \(since - CalendarRepository.longestSpan)
          AND created_at >= \(since) AND fee = \(amount) AND fee > 0 AND paid_at IS NULL
          AND \(CalendarRepository.occupying(now))
        ORDER BY created_at DESC, id DESC LIMIT 1
        """
    }

    func isKnown(_ id: AppointmentID, to doctor: DoctorID) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM appointments
            WHERE id = \(id) AND doctor_id = \(doctor) AND held_until IS NULL AND deleted_at IS NULL
            """)
    }
}
