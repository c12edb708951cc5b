import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Takes slots.
struct BookingService: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault

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

    /// The slot length tried first: the default, so the first round trip nearly always books.
    private static let likelySlotMinutes = 30

    /// Books a slot for a patient, once per idempotency key.
    func book(
        _ request: Request, for patient: PatientID, by origin: RequestOrigin, idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let now = database.services.time.now
        let room = database.services.random.uuid()
        return try await database.write(idempotency: idempotency) { db in
            let attempt = BookingAttempt(
                db: db, zone: zone, vault: vault, request: request, patient: patient, now: now, videoRoomID: room)
            let booked = try attempt.run(firstTrying: Self.likelySlotMinutes)
            try record(booked.appointment, by: origin, db)
            return booked
        }
    }

    /// What the sealed reason of an appointment is bound to.
    static func reasonField(_ id: AppointmentID) -> FieldContext {
        FieldContext(table: "appointments", column: "reason", row: id.rawValue)
    }

    private func record(_ appointment: Appointment, by origin: RequestOrigin, _ db: any Connection) throws {
        try db.enqueue(
            OutboxMessage(
                kind: "appointment.booked", subject: "appointment/\(appointment.id)",
                payload: "{\"appointmentId\":\(appointment.id)}"))
        db.audit(
            AuditEntry(
                .createPHI, "appointments", "\(appointment.id)", by: origin, patient: appointment.patientID))
        try db.emit(
            AppointmentBooked(
                appointment: appointment.id, doctor: appointment.doctorID, patient: appointment.patientID,
                startsAt: appointment.startsAt, endsAt: appointment.endsAt))
    }
}

/// One attempt at a booking, inside its transaction.
private struct BookingAttempt {
    let db: any Connection
    let zone: ClinicZone
    let vault: PatientVault
    let request: BookingService.Request
    let patient: PatientID
    let now: Instant
    let videoRoomID: String

    /// Locks the doctor, inserts, and reads what the answer shows, in one round trip if the doctor's slots have the
    /// length that was guessed; if not, once more with the real one.
    func run(firstTrying guessedMinutes: Int) throws -> BookingService.Booked {
        guard let start = zone.instant(of: request.time) else { throw SchedulingError.offGrid }
        if let refusal = SlotPolicy.refusal(of: start, now: now) { throw refusal }
        let id = AppointmentID(try db.nextID(SchedulingMigrations.appointmentIDs))
        let sealedReason = try request.reason.map {
            try vault.seal($0, of: patient, at: BookingService.reasonField(id), db)
        }

        // A start that is off the guessed grid is judged again below, on the real one.
        var slot = try? SlotGrid(zone: zone, slotMinutes: guessedMinutes).slot(startingAt: zone.local(start))
        var first = try send(slot, id, guessedMinutes, sealedReason)
        guard let doctor = first.doctor else { throw SchedulingError.doctorNotFound }
        if doctor.slotMinutes != guessedMinutes || slot == nil {
            slot = try checkedSlot(at: start, minutes: doctor.slotMinutes)
            first = try send(slot, id, doctor.slotMinutes, sealedReason)
        }
        guard let slot else { throw SchedulingError.offGrid }
        guard let row = first.booked else { throw try refusal(of: slot) }
        return BookingService.Booked(appointment: row.appointment, doctor: row.doctor, reason: request.reason)
    }

    private func checkedSlot(at start: Instant, minutes: Int) throws -> Slot {
        do {
            return try SlotGrid(zone: zone, slotMinutes: minutes).slot(startingAt: zone.local(start))
        } catch .outsideWorkingHours {
            throw SchedulingError.outsideWorkingHours
        } catch .offGrid {
            throw SchedulingError.offGrid
        }
    }

    /// The lock comes first and in a statement of its own, so that leave and rescheduling, which take it exclusively,
    /// are either wholly before or wholly after this booking (RULINGS A2).
    private func send(
        _ slot: Slot?, _ id: AppointmentID, _ minutes: Int, _ sealedReason: [UInt8]?
    ) throws -> (doctor: CalendarRepository.DoctorRow?, booked: AppointmentRepository.WithDoctor?) {
        let batch = Batch()
        let doctor = batch.first(
            CalendarRepository.DoctorRow.self,
            "\(CalendarRepository.doctor(request.doctor))\(db.dialect.forKeyShare(of: "d"))")
        var booked: Pending<AppointmentRepository.WithDoctor?>?
        if let slot {
            batch.count(
                AppointmentRepository.insert(
                    AppointmentRepository.NewAppointment(
                        id: id, doctorID: request.doctor, patientID: patient, slot: slot, slotMinutes: minutes,
                        sealedReason: sealedReason, videoRoomID: videoRoomID, at: now)))
            booked = batch.first(AppointmentRepository.WithDoctor.self, AppointmentRepository.withDoctor(id))
        }
        do {
            try batch.run(db)
        } catch DatabaseFailure.constraint(_, name: SchedulingMigrations.doctorOverlap),
            DatabaseFailure.constraint(_, name: SchedulingMigrations.patientOverlap)
        {
            // SQLite's triggers refuse with an error where PostgreSQL's constraint lets the insert do nothing.
            return (try db.first(CalendarRepository.doctor(request.doctor)), nil)
        }
        return (try doctor.value, try booked?.value ?? nil)
    }

    /// Why the insert did nothing, found out by looking.
    private func refusal(of slot: Slot) throws -> SchedulingError {
        let date = slot.time.date
        let calendars = CalendarRepository(db: db)
        guard let (facts, busy) = try calendars.calendar(of: request.doctor, for: nil, from: date, to: date, zone: zone)
        else { return .doctorNotFound }
        let refusal = SlotPolicy(now: now, doctor: facts, busy: busy).refusal(of: slot)
        switch refusal {
        case .slotUnavailable:
            return .slotUnavailable(try alternatives(to: slot))
        case nil:
            // The doctor is free, so it is the patient who is not.
            return .patientBusy(try alternatives(to: slot))
        case .some(let other):
            return other
        }
    }

    private func alternatives(to slot: Slot) throws -> [LocalDateTime] {
        try SlotService.alternatives(to: slot, of: request.doctor, for: patient, zone: zone, db: db)
    }
}
