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
    /// part of the statement so that it can travel in the same round trip as the lock before it.
    static func insert(_ new: NewAppointment) -> SQL {
        let date = new.slot.time.date
        return """
            INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, reason, is_emergency,
                                      held_until, video_room_id, created_at, updated_at, status_changed_by)
            SELECT CAST(\(new.id) AS bigint), d.id, CAST(\(new.patientID) AS bigint), \(new.slot.interval.start),
                   \(new.slot.interval.end), 'BOOKED', \(new.sealedReason), \(new.isEmergency), \(new.heldUntil),
                   \(new.videoRoomID), \(new.at), \(new.at), 'SYSTEM'
            FROM doctors d
            WHERE d.id = \(new.doctorID) AND d.is_verified AND d.is_active
              AND d.slot_minutes = \(new.known.rules.slotMinutes) AND d.hours_version = \(new.known.hoursVersion)
              AND d.payment_policy = \(new.known.paymentPolicy)
              AND NOT EXISTS (SELECT 1 FROM doctor_leaves l WHERE l.doctor_id = d.id
                              AND l.start_date <= \(date) AND l.end_date >= \(date))
              \(new.isEmergency ? "" : planned(new))
            ON CONFLICT DO NOTHING
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
              AND NOT EXISTS (SELECT 1 FROM appointments WHERE doctor_id = d.id
                              AND \(CalendarRepository.touching(new.slot.interval.widened(by: gap)))
                              AND \(CalendarRepository.occupying(new.at)))
            """
    }

    /// Gives a row if the booking is there.
    static func isInserted(_ id: AppointmentID) -> SQL { "SELECT 1 FROM appointments WHERE id = \(id)" }

    /// The doctor as the answer shows them, with the row locked. Without buffers bookings share it, because the schema tells them apart; leave,
    /// rescheduling and a change of hours take it for themselves (RULINGS A2).
    static func lock(_ doctor: DoctorID, _ rules: SlotRules, _ dialect: Dialect) -> SQL {
        let lock = rules.gap > .minutes(0) ? dialect.forUpdate(of: "d") : dialect.forKeyShare(of: "d")
        return """
            SELECT \(AppointmentDoctor.columns) FROM doctors d JOIN users u ON u.id = d.id WHERE d.id = \(doctor)\(lock)
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
