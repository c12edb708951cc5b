import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Outbox
import Persistence

/// Takes slots.
struct BookingService: Sendable {
    let context: SchedulingContext

    struct Request: Sendable {
        let doctor: DoctorID
        let time: ClientDateTime
        let reason: String?
    }

    /// A booking with everything its answer shows.
    struct Booked: Sendable {
        let appointment: Appointment
        let doctor: AppointmentDoctor
        let reason: String?
    }

    /// Books a slot for a patient, once per idempotency key.
    ///
    /// Without a key a booking that succeeds is one round trip. Only one that does not is looked into.
    func book(
        _ request: Request, for patient: PatientID, by origin: RequestOrigin, idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let attempt = attempt(try order(.planned, request, patient), origin)
        try attempt.check()
        guard idempotency == nil else {
            return try await context.database.write(idempotency: idempotency) { db in try attempt.run(db) }
        }
        let slot = SlotTurns.Key.slot(request.doctor, attempt.order.start)
        return .fresh(
            try await context.turns.run(at: .patient(patient)) { _ in
                try await context.turns.run(at: slot) { try await book(attempt, isFirst: $0) }
            })
    }

    private func book(_ attempt: BookingAttempt, isFirst: Bool) async throws -> Booked {
        if isFirst, let (slot, known) = attempt.likely {
            do {
                return try await context.database.send { db in try attempt.take(slot, known, db) }
            } catch  where BookingAttempt.isRefusal(error) {}
        }
        if let refusal = try await attempt.refusal() { throw refusal }
        // The rules have changed, what was in the way has gone, or the patient holds the slot already.
        return try await context.database.write { db in try attempt.run(db) }
    }

    /// Books for somebody who is at the desk or on the telephone.
    func bookAtDesk(
        _ request: Request, for patient: PatientID, by origin: RequestOrigin,
        idempotency: Idempotency<AdminAppointmentService.Seen>?
    ) async throws -> Replayable<AdminAppointmentService.Seen> {
        let attempt = attempt(try order(.atDesk, request, patient), origin)
        return try await context.database.write(idempotency: idempotency) { [context] db in
            try attempt.check()
            let isActive: Bool? = try db.value(
                "SELECT u.is_active FROM patients p JOIN users u ON u.id = p.id WHERE p.id = \(patient)")
            guard let isActive else { throw SchedulingError.patientNotFound }
            guard isActive else { throw SchedulingError.patientInactive }
            let booked = try attempt.run(db)
            db.audit(
                AuditEntry(
                    .adminAction, "appointments", "\(booked.appointment.id)", by: origin, patient: patient,
                    reason: "BOOKED_AT_DESK"))
            return try AdminAppointmentService.read(booked.appointment.id, context, db)
        }
    }

    /// Takes the doctor's time from this minute on.
    func bookEmergency(
        doctor: DoctorID, reason: String?, for patient: PatientID, by origin: RequestOrigin,
        idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let now = context.database.services.time.now
        let minute = Instant(seconds: now.seconds.dividedDown(by: 60) * 60)
        let order = BookingOrder(
            kind: .emergency, doctor: doctor, patient: patient, start: minute,
            reason: "EMERGENCY: " + (reason ?? "Emergency appointment"))
        let attempt = attempt(order, origin)
        return try await context.database.write(idempotency: idempotency) { [context] db in
            let booked = try attempt.run(db)
            let subject = AppointmentEffects.Subject(booked.appointment)
            try db.enqueue(EmergencyWatch.escalation(of: subject, at: now + context.settings.escalationTime))
            try db.emit(EmergencyBooked(appointment: subject.id, doctor: doctor, patient: patient))
            return booked
        }
    }

    /// What the sealed reason of an appointment is bound to.
    static func reasonField(_ id: AppointmentID) -> FieldContext {
        FieldContext(table: "appointments", column: "reason", row: id.rawValue)
    }

    private func order(_ kind: BookingOrder.Kind, _ request: Request, _ patient: PatientID) throws -> BookingOrder {
        guard let start = context.zone.instant(of: request.time) else {
            throw SchedulingError.offGrid(SchedulingError.bookedTime)
        }
        return BookingOrder(
            kind: kind, doctor: request.doctor, patient: patient, start: start, reason: request.reason)
    }

    private func attempt(_ order: BookingOrder, _ origin: RequestOrigin) -> BookingAttempt {
        BookingAttempt(
            context: context, order: order, videoRoomID: context.database.services.random.uuid(),
            now: context.database.services.time.now, origin: origin)
    }
}

/// An emergency that the doctor does not open in time reaches an administrator.
enum EmergencyWatch {
    static let kind = "emergency.escalate"

    static func escalation(of subject: AppointmentEffects.Subject, at due: Instant) -> OutboxMessage {
        OutboxMessage(kind: kind, subject: subject.name, payload: subject.payload, due: due)
    }

    /// What the timer does. Opened means that the doctor has moved the appointment on, whatever to; an emergency that
    /// the night has made inactive is still unopened.
    static func escalate(_ id: AppointmentID, _ db: any Connection) throws {
        let unopened: AppointmentEffects.Subject? = try db.first(
            """
            SELECT \(AppointmentEffects.Subject.columns) FROM appointments
            WHERE id = \(id) AND is_emergency AND status = 'BOOKED'
            """)
        guard let unopened else { return }
        try db.enqueue(
            OutboxMessage(
                kind: "emergency.unanswered", subject: unopened.name, channel: "ADMIN", payload: unopened.payload))
        db.audit(
            AuditEntry(
                .adminAction, "appointments", "\(id)", by: .system(kind), patient: unopened.patient,
                reason: "EMERGENCY_UNANSWERED"))
        try db.emit(
            EmergencyUnanswered(appointment: unopened.id, doctor: unopened.doctor, patient: unopened.patient))
    }
}
