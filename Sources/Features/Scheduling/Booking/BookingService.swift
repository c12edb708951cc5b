import AuditTrail
import CareSyncCore
import Concurrency
import Cryptography
import Directory
import Outbox
import Persistence

/// Takes slots.
struct BookingService: Sendable {
    let context: SchedulingContext

    /// A booking with everything its answer shows.
    struct Booked: Sendable {
        let appointment: Appointment
        let doctor: AppointmentDoctor
        let reason: String?
    }

    /// Books a slot for a patient, once per idempotency key.
    ///
    /// Without a key, a successful booking is one round trip. Only a refused one is examined.
    func book(
        _ order: BookingOrder, by origin: RequestOrigin, idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let attempt = attempt(order, origin)
        try order.check(now: attempt.now)
        guard idempotency == nil else {
            return try await context.database.write(idempotency: idempotency) { db in
                try attempt.run(db, looksFirst: false)
            }
        }
        return .fresh(
            try await context.turns.run(at: .patient(order.patient)) { _ in
                try await context.turns.run(at: .slot(order.doctor, order.start)) { isFirst in
                    try await book(attempt, isFirst: isFirst)
                }
            })
    }

    private func book(_ attempt: BookingAttempt, isFirst: Bool) async throws -> Booked {
        if isFirst, attempt.isLikely {
            do {
                return try await context.database.send { db in try attempt.send(db) }
            } catch DatabaseFailure.unmetRequirement {
            } catch DatabaseFailure.constraint(.trigger, _) {}
        }
        return try await context.database.write { db in try attempt.run(db, looksFirst: true) }
    }

    /// Books for somebody who is at the desk or on the telephone.
    func bookAtDesk(
        _ order: BookingOrder, by origin: RequestOrigin, idempotency: Idempotency<AdminAppointmentService.Seen>?
    ) async throws -> Replayable<AdminAppointmentService.Seen> {
        let attempt = attempt(order, origin)
        return try await context.database.write(idempotency: idempotency) { [context] db in
            try order.check(now: attempt.now)
            guard let isActive = try BookingRepository(db: db).isActive(order.patient) else {
                throw SchedulingError.patientNotFound
            }
            guard isActive else { throw SchedulingError.patientInactive }
            let booked = try attempt.run(db, looksFirst: false)
            db.audit(
                AuditEntry(
                    .adminAction, "appointments", "\(booked.appointment.id)", by: origin, patient: order.patient,
                    reason: "BOOKED_AT_DESK"))
            return try AdminAppointmentService.read(booked.appointment.id, context, db)
        }
    }

    /// Takes the doctor's time from the current minute on.
    func bookEmergency(
        doctor: DoctorID, reason: String?, for patient: PatientID, by origin: RequestOrigin,
        idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let now = context.database.services.time.now
        let order = BookingOrder(
            use: .emergency, doctor: doctor, patient: patient,
            start: Instant(seconds: now.seconds.dividedDown(by: 60) * 60),
            reason: "EMERGENCY: " + (reason ?? "Emergency appointment"))
        let attempt = attempt(order, origin)
        return try await context.database.write(idempotency: idempotency) { [context] db in
            let booked = try attempt.run(db, looksFirst: false)
            let id = booked.appointment.id
            try db.enqueue(EmergencyEscalation(appointment: id), due: now + context.settings.escalationTime)
            try db.emit(
                EmergencyBooked(
                    appointment: id, doctor: doctor, patient: patient, by: origin.principal?.userID, at: now))
            return booked
        }
    }

    /// What the sealed reason of an appointment is bound to.
    static func reasonField(_ id: AppointmentID) -> FieldContext {
        FieldContext(table: "appointments", column: "reason", row: id.rawValue)
    }

    private func attempt(_ order: BookingOrder, _ origin: RequestOrigin) -> BookingAttempt {
        BookingAttempt(
            context: context, order: order, videoRoomID: context.database.services.random.uuid(),
            now: context.database.services.time.now, origin: origin)
    }
}
