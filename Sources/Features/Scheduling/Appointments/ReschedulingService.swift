import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Moves appointments to another time. It is one change of one row: when it fails, the old time is untouched, and when it
/// succeeds, the old time is free.
struct ReschedulingService: Sendable {
    let context: SchedulingContext

    /// Whose appointment it is that moves, and by whom.
    enum Mover: Sendable {
        case patient(PatientID)
        case doctor(DoctorID)

        /// A patient moves what is not confirmed yet (contract/appointments.md §2); a doctor may move whatever has not
        /// begun, because the alternative is to cancel it.
        func mayMove(_ status: AppointmentStatus) -> Bool {
            switch self {
            case .patient: status == .booked
            case .doctor: status == .booked || status == .scheduled || status == .confirmed
            }
        }

        var condition: SQL {
            switch self {
            case .patient(let patient): "patient_id = \(patient)"
            case .doctor(let doctor): "doctor_id = \(doctor)"
            }
        }
    }

    struct Change: Sendable {
        let time: ClientDateTime
        /// The wire name of the time.
        let field: String
        /// `nil` keeps the reason.
        var reason: String?
        /// A doctor the request names; it must exist and is otherwise ignored: the doctor never changes.
        var namedDoctor: DoctorID?
    }

    func move(
        _ id: AppointmentID, by patient: PatientID, _ change: Change, origin: RequestOrigin
    ) async throws -> AppointmentService.ForPatient {
        let room = context.database.services.random.uuid()
        return try await context.database.write { [context] db in
            let move = Move(db: db, context: context, change: change, room: room, origin: origin)
            try move.run(id, .patient(patient))
            guard let row: AppointmentRepository.WithDoctor = try db.first(AppointmentRepository.withDoctor(id)) else {
                throw SchedulingError.appointmentNotFound
            }
            return try AppointmentService(context: context).open(row, context.vault.key(for: patient, db))
        }
    }

    func move(
        _ id: AppointmentID, by doctor: DoctorID, _ change: Change, origin: RequestOrigin
    ) async throws -> AppointmentService.ForDoctor {
        let room = context.database.services.random.uuid()
        return try await context.database.write { [context] db in
            try VerifiedDoctor.require(doctor, db)
            let move = Move(db: db, context: context, change: change, room: room, origin: origin)
            try move.run(id, .doctor(doctor))
            guard let row = try AppointmentRepository(db: db).find(id, of: doctor) else {
                throw SchedulingError.appointmentNotFound
            }
            return try AppointmentService(context: context).open([row], db)[0]
        }
    }
}

/// One move, inside its transaction.
private struct Move {
    let db: any Connection
    let context: SchedulingContext
    let change: ReschedulingService.Change
    let room: String
    let origin: RequestOrigin

    func run(_ id: AppointmentID, _ mover: ReschedulingService.Mover) throws {
        let now = db.scope.services.time.now
        guard let start = context.zone.instant(of: change.time) else { throw SchedulingError.offGrid(change.field) }
        guard start > now else { throw SchedulingError.pastTime(change.field) }
        let appointment = try lock(id, mover)
        if let named = change.namedDoctor, try !db.exists("SELECT 1 FROM doctors WHERE id = \(named)") {
            throw SchedulingError.doctorNotFound
        }
        guard appointment.isActive, !appointment.isExpiredHold(at: now) else { throw SchedulingError.inactive }
        guard mover.mayMove(appointment.status) else { throw SchedulingError.illegalTransition }
        guard start != appointment.startsAt else { return try changeReason(of: appointment, at: now) }
        let slot = try judge(start, appointment)
        try update(appointment, to: slot, at: now)
        try AppointmentEffects.rescheduled(
            AppointmentEffects.Subject(appointment), from: appointment.startsAt, to: slot.interval.start,
            version: appointment.version + 1, by: origin, db)
    }

    /// The doctor's row first, then the patient's, then the appointment: the order that everyone keeps. The doctor's
    /// keeps bookings, leaves and other moves out; the patient's keeps out moves to other doctors (RULINGS A2).
    private func lock(_ id: AppointmentID, _ mover: ReschedulingService.Mover) throws -> Appointment {
        let subject: AppointmentEffects.Subject? = try db.first(
            """
            SELECT \(AppointmentEffects.Subject.columns) FROM appointments
            WHERE id = \(id) AND \(mover.condition) AND deleted_at IS NULL
            """)
        guard let subject else { throw SchedulingError.appointmentNotFound }
        let batch = Batch()
        batch.count(CalendarLock.statement(subject.doctor, db.dialect))
        batch.count("SELECT p.id FROM patients p WHERE p.id = \(subject.patient)\(db.dialect.forUpdate(of: "p"))")
        let appointment = batch.first(
            Appointment.self,
            """
            SELECT \(Appointment.columns) FROM appointments a
            WHERE a.id = \(id) AND a.deleted_at IS NULL\(db.dialect.forUpdate(of: "a"))
            """)
        try batch.run(db)
        guard let locked = try appointment.value else { throw SchedulingError.appointmentNotFound }
        return locked
    }

    /// The same rules as for a booking; the appointment does not stand in its own way.
    private func judge(_ start: Instant, _ appointment: Appointment) throws -> Slot {
        let date = context.zone.date(at: start)
        let query = CalendarRepository.Query(
            doctor: appointment.doctorID, patient: appointment.patientID, from: date, to: date,
            excluding: appointment.id)
        guard var calendar = try context.calendars(db).calendar(query) else { throw SchedulingError.doctorNotFound }
        // A slot that the patient holds is no place to move another appointment to.
        calendar.ownHolds = []
        do {
            return try SlotPolicy(calendar, zone: context.zone, now: db.scope.services.time.now)
                .slot(startingAt: start)
        } catch {
            throw try refusal(error, start, appointment)
        }
    }

    private func refusal(
        _ refusal: SlotRefusal, _ start: Instant, _ appointment: Appointment
    ) throws -> SchedulingError {
        let isTaken = refusal == .doctorBusy || refusal == .patientBusy
        guard isTaken else { return SchedulingError(refusal, field: change.field) }
        let query = CalendarRepository.Query.around(
            context.zone.date(at: start), of: appointment.doctorID, for: appointment.patientID,
            excluding: appointment.id)
        guard var calendar = try context.calendars(db).calendar(query) else { return .doctorNotFound }
        calendar.ownHolds = []
        let free = SlotPolicy(calendar, zone: context.zone, now: db.scope.services.time.now).nearest(to: start)
        return SchedulingError(refusal, field: change.field, alternatives: free)
    }

    /// The schema has the last word; its refusal undoes this part only, so that the answer can name other times. What has
    /// been moved was judged like any planned appointment, and is an emergency no longer: nobody waits for it now.
    private func update(_ appointment: Appointment, to slot: Slot, at now: Instant) throws {
        try HoldService.endExpired(
            overlapping: slot.interval, doctor: appointment.doctorID, patient: appointment.patientID, db)
        let reason = try sealedReason(appointment)
        do {
            _ = try db.savepoint {
                try db.run(
                    """
                    UPDATE appointments
                    SET starts_at = \(slot.interval.start), ends_at = \(slot.interval.end), reason = \(reason),
                        is_emergency = FALSE, video_room_id = \(room), updated_at = \(now), version = version + 1
                    WHERE id = \(appointment.id)
                    """)
            }
        } catch DatabaseFailure.constraint(_, name: AppointmentSchema.doctorOverlap) {
            throw try refusal(.doctorBusy, slot.interval.start, appointment)
        } catch DatabaseFailure.constraint(_, name: AppointmentSchema.patientOverlap) {
            throw try refusal(.patientBusy, slot.interval.start, appointment)
        }
    }

    private func changeReason(of appointment: Appointment, at now: Instant) throws {
        guard change.reason != nil else { return }
        try db.run(
            """
            UPDATE appointments SET reason = \(try sealedReason(appointment)), updated_at = \(now), version = version + 1
            WHERE id = \(appointment.id)
            """)
        db.audit(
            AuditEntry(
                .updatePHI, "appointments", "\(appointment.id)", by: origin, patient: appointment.patientID,
                reason: "REASON"))
    }

    private func sealedReason(_ appointment: Appointment) throws -> [UInt8]? {
        guard let reason = change.reason else { return appointment.sealedReason }
        return try context.vault.seal(
            reason, of: appointment.patientID, at: BookingService.reasonField(appointment.id), db)
    }
}
