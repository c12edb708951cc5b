import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Moves appointments to another time. It is one change of one row: when it fails, the old time is untouched, and when it
/// succeeds, the old time is free.
struct ReschedulingService: Sendable {
    let context: SchedulingContext

    struct Change: Sendable {
        let time: ClientDateTime
        /// The wire name of the time.
        let field: String
        /// `nil` keeps the present reason.
        var reason: String?
        /// A doctor the request names; it must exist and is otherwise ignored: the doctor never changes.
        var namedDoctor: DoctorID?
    }

    func reschedule(
        _ id: AppointmentID, by patient: PatientID, _ change: Change, origin: RequestOrigin
    ) async throws -> AppointmentService.ForPatient {
        let room = context.database.services.random.uuid()
        return try await context.database.write { [context] db in
            let move = Move(
                db: db, context: context, owner: .patient(patient), change: change, room: room, origin: origin)
            try move.run(id)
            guard let row = try AppointmentRepository(db: db).find(id, of: patient) else {
                throw SchedulingError.appointmentNotFound
            }
            return try AppointmentService(context: context).open(row, context.vault.key(for: patient, db))
        }
    }

    func reschedule(
        _ id: AppointmentID, by doctor: DoctorID, _ change: Change, origin: RequestOrigin
    ) async throws -> AppointmentService.ForDoctor {
        let room = context.database.services.random.uuid()
        return try await context.database.write { [context] db in
            try VerifiedDoctor.require(doctor, db)
            let move = Move(
                db: db, context: context, owner: .doctor(doctor), change: change, room: room, origin: origin)
            try move.run(id)
            guard let row = try AppointmentRepository(db: db).find(id, of: doctor, context.care) else {
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
    let owner: AppointmentOwner
    let change: ReschedulingService.Change
    let room: String
    let origin: RequestOrigin

    func run(_ id: AppointmentID) throws {
        let now = db.now
        guard let start = context.zone.instant(of: change.time) else { throw SchedulingError.offGrid(change.field) }
        guard start > now else { throw SchedulingError.pastTime(change.field) }
        let appointment = try lock(id)
        if let named = change.namedDoctor, try !context.calendars(db).hasDoctor(named) {
            throw SchedulingError.doctorNotFound
        }
        try check(appointment, at: now)
        guard start != appointment.startsAt else { return try changeReason(of: appointment, at: now) }
        let passed = try judge(start, appointment)
        if passed.needsRoom {
            try HoldService.endExpired(
                overlapping: passed.slot.interval, doctor: appointment.doctorID, patient: appointment.patientID, db)
        }
        try AppointmentRepository(db: db).reschedule(
            appointment, to: passed.slot.interval, reason: try sealedReason(appointment), room: room, at: now)
        try AppointmentEffects.rescheduled(
            AppointmentEffects.Subject(appointment), from: appointment.startsAt, to: passed.slot.interval.start,
            by: origin, db)
    }

    private func lock(_ id: AppointmentID) throws -> Appointment {
        let appointments = AppointmentRepository(db: db)
        guard let subject = try appointments.subject(id, of: owner),
            let locked = try appointments.lockForRescheduling(subject)
        else { throw SchedulingError.appointmentNotFound }
        return locked
    }

    private func check(_ appointment: Appointment, at now: Instant) throws {
        guard appointment.isActive, !appointment.isExpiredHold(at: now) else { throw SchedulingError.inactive }
        guard owner.mover.reschedulable.contains(appointment.status) else { throw SchedulingError.illegalTransition }
        if appointment.isOver(for: owner.mover, at: now) { throw SchedulingError.over }
    }

    /// By the same rules as a booking; the appointment does not stand in its own way. Everything that could take the time
    /// meanwhile is locked out, so what passes here is not refused by the schema.
    private func judge(_ start: Instant, _ appointment: Appointment) throws -> SlotCheck.Passed {
        let use: SlotUse =
            switch owner {
            case .patient: .moving
            case .doctor: .clinic
            }
        let check = SlotCheck(
            context: context, db: db, doctor: appointment.doctorID, patient: appointment.patientID, use: use,
            field: change.field, moving: appointment.id)
        return try check.pass(start)
    }

    private func changeReason(of appointment: Appointment, at now: Instant) throws {
        guard change.reason != nil else { return }
        try AppointmentRepository(db: db).update(appointment.id, reason: try sealedReason(appointment), at: now)
        db.audit(
            AuditEntry(
                .updatePHI, "appointments", "\(appointment.id)", by: origin, patient: appointment.patientID,
                reason: "REASON"))
    }

    private func sealedReason(_ appointment: Appointment) throws -> [UInt8]? {
        guard let reason = change.reason else { return appointment.sealedReason }
        let place = BookingService.reasonField(appointment.id)
        // Nothing is written over what cannot be read (rules/patient-data 9).
        _ = try appointment.sealedReason.map {
            try context.vault.open($0, of: appointment.patientID, at: place, db)
        }
        return try context.vault.seal(reason, of: appointment.patientID, at: place, db)
    }
}
