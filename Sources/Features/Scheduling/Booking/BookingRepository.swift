import CareSyncCore
import Directory
import Persistence

/// The SQL of taking time.
struct BookingRepository {
    let db: any Connection

    /// Whether a patient may be booked for; `nil` when there is no such patient.
    func isActive(_ patient: PatientID) throws -> Bool? {
        try db.value("SELECT u.is_active FROM patients p JOIN users u ON u.id = p.id WHERE p.id = \(patient)")
    }

    /// A slot that the patient holds already.
    func ownHold(_ order: BookingOrder, now: Instant) throws -> AppointmentID? {
        try db.value(
            """
            SELECT id FROM appointments
            WHERE doctor_id = \(order.doctor) AND patient_id = \(order.patient) AND starts_at = \(order.start)
              AND is_active AND status = 'BOOKED' AND held_until > \(now)
            """)
    }

    /// What a patient has taken, which ``PatientLimits`` bound.
    struct Taken: RowDecodable {
        let coming: Int
        let withDoctor: Int
        let held: Int

        init(row: Row) throws {
            coming = try row.value("coming")
            withDoctor = try row.value("with_doctor")
            held = try row.value("held")
        }
    }

    func taken(by patient: PatientID, with doctor: DoctorID, now: Instant) throws -> Taken? {
        try db.first("SELECT coming, with_doctor, held FROM (\(Self.taken(by: patient, with: doctor, now))) taken")
    }
}

// MARK: - The booking itself

extension BookingRepository {
    /// The doctor as the answer shows them, with the rows of doctor and patient locked in this order; no row when one of
    /// them does not exist.
    ///
    /// Without buffers bookings share the doctor's row, because the schema tells them apart; leave, rescheduling and a
    /// change of hours take it for themselves. The patient's row makes bookings and moves of one patient follow each other,
    /// so that what the insert reads of the patient's appointments is so until the commit. The lock is a statement of its
    /// own: the insert then sees everything that it had to wait for.
    static func lock(_ order: BookingOrder, _ known: KnownRules, _ dialect: Dialect) -> SQL {
        let doctor = known.rules.gap > .minutes(0) ? dialect.forUpdate(of: "d") : dialect.forKeyShare(of: "d")
        return """
            SELECT \(AppointmentDoctor.columns)
            FROM doctors d JOIN users u ON u.id = d.id CROSS JOIN patients p
            WHERE d.id = \(order.doctor) AND p.id = \(order.patient)\(doctor)\(dialect.forNoKeyUpdate(of: "p"))
            """
    }

    /// Inserts a booking unless the doctor cannot be booked then, the time is taken or the patient has too much: 0 or 1
    /// rows. The conditions are part of the statement, so that it can travel in the same round trip as the lock before it.
    ///
    /// Two bookings of one doctor's time must not wait for each other, which `ON CONFLICT` prevents; PostgreSQL looks at
    /// every index it may apply to once more for it, so it names the doctor's. SQLite's triggers refuse with an error.
    ///
    /// - Parameter prepaid: rows of money that would pay for it at once; the insert does nothing when there are any.
    static func insert(
        _ new: Appointment, in slot: Slot, for use: SlotUse, by known: KnownRules, within limits: PatientLimits?,
        unless prepaid: SQL? = nil, _ dialect: Dialect
    ) -> SQL {
        let counted: SQL =
            limits == nil ? "" : " CROSS JOIN (\(taken(by: new.patientID, with: new.doctorID, new.createdAt))) bounds"
        let conflict: SQL = dialect == .postgres ? "ON CONSTRAINT \(AppointmentSchema.doctorOverlapName)" : ""
        return """
            INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, reason, is_emergency,
                                      held_until, fee, terms, video_room_id, created_at, updated_at, status_changed_by)
            SELECT CAST(\(new.id) AS bigint), d.id, CAST(\(new.patientID) AS bigint), \(new.startsAt), \(new.endsAt),
                   'BOOKED', \(new.sealedReason), \(use == .emergency), \(new.heldUntil), \(PaymentPolicy.fee),
                   d.cancellation_terms, \(new.videoRoomID), \(new.createdAt), \(new.updatedAt),
                   \(new.statusChangedBy)
            FROM doctors d\(counted)
            WHERE d.id = \(new.doctorID) AND \(isInForce(known)) AND \(isPresent(slot.time.date, new.doctorID))
              AND EXISTS (SELECT 1 FROM users u WHERE u.id = \(new.patientID) AND u.is_active)
              AND NOT EXISTS (SELECT 1 FROM appointments WHERE patient_id = \(new.patientID)
                              AND \(CalendarRepository.touching(slot.interval)) AND \(CalendarRepository.standing))
              \(use.keepsHours ? isOpen(slot, known, new) : "")\(limits.map { isWithin($0, new) } ?? "")
              \(prepaid.map { rows -> SQL in "AND NOT EXISTS (\(rows))" } ?? "")
            ON CONFLICT \(conflict) DO NOTHING
            """
    }

    /// Whether the doctor `d` can be booked, and by the rules that are known.
    private static func isInForce(_ known: KnownRules) -> SQL {
        """
        d.is_verified AND d.is_active AND d.slot_minutes = \(known.rules.slotMinutes)
          AND d.hours_version = \(known.hoursVersion) AND \(PaymentPolicy.column) = \(known.paymentPolicy)
          AND \(PaymentPolicy.fee) = \(known.fee)
        """
    }

    static func isPresent(_ day: LocalDate, _ doctor: DoctorID) -> SQL {
        """
        NOT EXISTS (SELECT 1 FROM doctor_leaves l WHERE l.doctor_id = \(doctor)
                    AND l.start_date <= \(day) AND l.end_date >= \(day))
        """
    }

    /// What stops a planned appointment and not an emergency. Buffers are no rule of the schema: a booking with buffers has
    /// the doctor's row to itself.
    private static func isOpen(_ slot: Slot, _ known: KnownRules, _ new: Appointment) -> SQL {
        let isOpen: SQL = "AND NOT EXISTS (SELECT 1 FROM clinic_holidays h WHERE h.day = \(slot.time.date))"
        let gap = known.rules.gap
        guard gap > .minutes(0) else { return isOpen }
        return """
            \(isOpen)
              AND NOT EXISTS (SELECT 1 FROM appointments WHERE doctor_id = \(new.doctorID)
                              AND \(CalendarRepository.touching(slot.interval.widened(by: gap)))
                              AND \(CalendarRepository.occupying(new.createdAt)))
            """
    }

    private static func isWithin(_ limits: PatientLimits, _ new: Appointment) -> SQL {
        let holds: SQL = new.isHold ? " AND bounds.held < \(limits.holds)" : ""
        return " AND bounds.coming < \(limits.inAll) AND bounds.with_doctor < \(limits.withOneDoctor)\(holds)"
    }

    private static func taken(by patient: PatientID, with doctor: DoctorID, _ now: Instant) -> SQL {
        """
        SELECT count(*) AS coming, count(CASE WHEN doctor_id = \(doctor) THEN 1 END) AS with_doctor,
               count(held_until) AS held
        FROM appointments
        WHERE patient_id = \(patient) AND starts_at > \(now) AND \(CalendarRepository.occupying(now))
        """
    }
}
