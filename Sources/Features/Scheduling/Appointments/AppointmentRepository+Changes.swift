import CareSyncCore
import Directory
import Persistence

/// What changes appointments. Rows are locked in one order everywhere: doctor, patient, appointment, outbox.
extension AppointmentRepository {
    /// A patient's appointment, locked for a change.
    func lock(_ id: AppointmentID, of patient: PatientID) throws -> WithDoctor? {
        try db.first(
            """
            \(Self.withDoctor) WHERE a.id = \(id) AND a.patient_id = \(patient) AND a.deleted_at IS NULL
            \(db.dialect.forUpdate(of: "a"))
            """)
    }

    /// A doctor's appointment, locked for a change.
    func lock(_ id: AppointmentID, of doctor: DoctorID, _ care: CareRelationship) throws -> WithPatient? {
        try db.first(
            """
            \(withPatient(care)) WHERE a.id = \(id) AND a.doctor_id = \(doctor) AND a.deleted_at IS NULL
            \(db.dialect.forUpdate(of: "a"))
            """)
    }

    /// Anybody's appointment, locked for a change.
    func lock(_ id: AppointmentID) throws -> Appointment? {
        try db.first(
            """
            SELECT \(Appointment.columns) FROM appointments a
            WHERE a.id = \(id) AND a.deleted_at IS NULL\(db.dialect.forUpdate(of: "a"))
            """)
    }

    /// An appointment with the rows that a move locks: the doctor's row excludes bookings, leaves and other moves; the
    /// patient's row excludes what the patient does with other doctors.
    func lockForRescheduling(_ subject: AppointmentEffects.Subject) throws -> Appointment? {
        let batch = Batch()
        batch.count(CalendarLock.statement(subject.doctor, db.dialect))
        batch.count(
            "SELECT p.id FROM patients p WHERE p.id = \(subject.patient)\(db.dialect.forNoKeyUpdate(of: "p"))")
        let appointment = batch.first(
            Appointment.self,
            """
            SELECT \(Appointment.columns) FROM appointments a
            WHERE a.id = \(subject.id) AND a.deleted_at IS NULL\(db.dialect.forUpdate(of: "a"))
            """)
        try batch.run(db)
        return try appointment.value
    }

    /// Gives a locked appointment another status.
    func changeStatus(
        of appointment: Appointment, to status: AppointmentStatus, by username: String, at now: Instant,
        cancellationReason: [UInt8]? = nil
    ) throws {
        try db.run(
            """
            UPDATE appointments
            SET status = \(status), is_active = \(!status.isCancelled), status_changed_at = \(now),
                status_changed_by = \(username), cancellation_reason = \(cancellationReason), updated_at = \(now),
                version = version + 1
            WHERE id = \(appointment.id) AND status = \(appointment.status)
            """)
    }

    /// Moves a locked appointment to another time. It was judged like a planned one, and is no longer an emergency.
    func reschedule(
        _ appointment: Appointment, to interval: Interval, reason: [UInt8]?, room: String, at now: Instant
    ) throws {
        try db.run(
            """
            UPDATE appointments
            SET starts_at = \(interval.start), ends_at = \(interval.end), reason = \(reason), is_emergency = FALSE,
                video_room_id = \(room), updated_at = \(now), version = version + 1
            WHERE id = \(appointment.id)
            """)
    }

    func update(_ id: AppointmentID, reason: [UInt8]?, at now: Instant) throws {
        try db.run(
            "UPDATE appointments SET reason = \(reason), updated_at = \(now), version = version + 1 WHERE id = \(id)")
    }

    /// Removes an appointment from every list; the row stays, with everything that refers to it.
    func delete(_ id: AppointmentID, at now: Instant) throws {
        try db.run(
            "UPDATE appointments SET is_active = FALSE, deleted_at = \(now), updated_at = \(now) WHERE id = \(id)")
    }

    /// Makes unconfirmed appointments inactive that began after one moment and were over by another. It reads each
    /// doctor's calendar, so its cost is that of the days in between, whatever the history.
    func expire(from start: Instant, to end: Instant, at now: Instant) throws -> [AppointmentEffects.Subject] {
        try db.all(
            """
            UPDATE appointments SET is_active = FALSE, updated_at = \(now), version = version + 1
            WHERE id IN (\(Self.unconfirmed(from: start, to: end)))
            RETURNING \(AppointmentEffects.Subject.columns)
            """)
    }

    /// SQLite keeps the order of a cross join: it would scan all appointments otherwise.
    static func unconfirmed(from start: Instant, to end: Instant) -> SQL {
        """
        SELECT a.id FROM doctors d CROSS JOIN appointments a
        WHERE a.doctor_id = d.id AND a.starts_at >= \(start) AND a.starts_at < \(end) AND a.ends_at <= \(end)
          AND a.is_active AND a.status = 'BOOKED'
        """
    }
}
