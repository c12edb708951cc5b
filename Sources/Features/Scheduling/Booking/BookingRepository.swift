import CareSyncCore
import Persistence

/// The SQL of taking time.
enum BookingRepository {
    /// What is inserted for a booking.
    struct NewAppointment {
        let id: AppointmentID
        let doctorID: DoctorID
        let patientID: PatientID
        let slot: Slot
        /// What the slot was judged by; nothing is inserted when they are not in force any more.
        let known: KnownRules
        let sealedReason: [UInt8]?
        /// An emergency goes by leave and overlap only.
        let isEmergency: Bool
        /// Until when the slot waits for its payment.
        let heldUntil: Instant?
        let videoRoomID: String
        let at: Instant
    }

    /// Inserts a booking unless the doctor cannot be booked then or the time is taken: 0 or 1 rows. The conditions are
    /// part of the statement so that it can travel in the same round trip as the lock before it. On PostgreSQL the lock
    /// has judged the doctor's row.
    ///
    /// Two bookings of one doctor's time must not wait for each other, which `ON CONFLICT` prevents; PostgreSQL looks at
    /// every index it may apply to once more for it, so it names the doctor's. Of two bookings of one patient that
    /// overlap one fails by the patient's constraint; should each wait for the other, the driver repeats one.
    static func insert(_ new: NewAppointment, _ dialect: Dialect) -> SQL {
        let date = new.slot.time.date
        let doctor: SQL =
            dialect == .postgres
            ? "WHERE TRUE" : "FROM doctors d WHERE d.id = \(new.doctorID) AND \(isInForce(new.known))"
        let conflict: SQL = dialect == .postgres ? "ON CONSTRAINT \(AppointmentSchema.doctorOverlapName)" : ""
        return """
            INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, reason, is_emergency,
                                      held_until, video_room_id, created_at, updated_at, status_changed_by)
            SELECT CAST(\(new.id) AS bigint), CAST(\(new.doctorID) AS bigint), CAST(\(new.patientID) AS bigint),
                   \(new.slot.interval.start), \(new.slot.interval.end), 'BOOKED', \(new.sealedReason),
                   \(new.isEmergency), \(new.heldUntil), \(new.videoRoomID), \(new.at), \(new.at), 'SYSTEM'
            \(doctor)
              AND NOT EXISTS (SELECT 1 FROM doctor_leaves l WHERE l.doctor_id = \(new.doctorID)
                              AND l.start_date <= \(date) AND l.end_date >= \(date))
              \(new.isEmergency ? "" : planned(new))
            ON CONFLICT \(conflict) DO NOTHING
            """
    }

    /// Whether the doctor `d` can be booked, and by the rules that are known.
    private static func isInForce(_ known: KnownRules) -> SQL {
        """
        d.is_verified AND d.is_active AND d.slot_minutes = \(known.rules.slotMinutes)
          AND d.hours_version = \(known.hoursVersion) AND d.payment_policy = \(known.paymentPolicy)
        """
    }

    /// What stops a planned appointment and not an emergency. Buffers are no rule of the schema: whoever books with them
    /// has the doctor's row to itself.
    private static func planned(_ new: NewAppointment) -> SQL {
        let isOpen: SQL = "AND NOT EXISTS (SELECT 1 FROM clinic_holidays h WHERE h.day = \(new.slot.time.date))"
        let gap = new.known.rules.gap
        guard gap > .minutes(0) else { return isOpen }
        return """
            \(isOpen)
              AND NOT EXISTS (SELECT 1 FROM appointments WHERE doctor_id = \(new.doctorID)
                              AND \(CalendarRepository.touching(new.slot.interval.widened(by: gap)))
                              AND \(CalendarRepository.occupying(new.at)))
            """
    }

    /// The doctor as the answer shows them, with the row locked. Without buffers bookings share it, because the schema
    /// tells them apart; leave, rescheduling and a change of hours take it for themselves (RULINGS A2). On PostgreSQL the
    /// statement divides by zero unless the doctor can be booked by the rules that are known: the row that is locked is
    /// the latest there is, and the insert need not read it again.
    static func lock(_ doctor: DoctorID, _ known: KnownRules, _ dialect: Dialect) -> SQL {
        let lock = known.rules.gap > .minutes(0) ? dialect.forUpdate(of: "d") : dialect.forKeyShare(of: "d")
        let check: SQL = dialect == .postgres ? ", 1 / CASE WHEN \(isInForce(known)) THEN 1 ELSE 0 END AS in_force" : ""
        return """
            SELECT \(AppointmentDoctor.columns)\(check)
            FROM doctors d JOIN users u ON u.id = d.id WHERE d.id = \(doctor)\(lock)
            """
    }

    /// A slot that the patient holds already.
    static func ownHold(_ doctor: DoctorID, _ patient: PatientID, at start: Instant, now: Instant) -> SQL {
        """
        SELECT id FROM appointments
        WHERE doctor_id = \(doctor) AND patient_id = \(patient) AND starts_at = \(start) AND is_active
          AND status = 'BOOKED' AND held_until > \(now)
        """
    }
}
