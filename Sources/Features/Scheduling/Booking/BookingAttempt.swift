import CareSyncCore
import Cryptography
import Directory
import Persistence

/// One patient's attempt at one time. The steps run inside transactions of ``BookingService``.
struct BookingAttempt: Sendable {
    let zone: ClinicZone
    let vault: PatientVault
    let request: BookingService.Request
    let patient: PatientID
    let start: Instant
    let now: Instant
    let videoRoomID: String
    let origin: RequestOrigin

    /// The slot if the doctor's slots have the default length, as nearly all do.
    var likelySlot: Slot? {
        try? SlotGrid(zone: zone, slotMinutes: 30).slot(startingAt: zone.local(start))
    }

    /// Whether the database said no because of what it holds, and not because something broke.
    static func isRefusal(_ error: any Error) -> Bool {
        switch error as? DatabaseFailure {
        case .unmetRequirement, .constraint(_, name: SchedulingMigrations.doctorOverlap),
            .constraint(_, name: SchedulingMigrations.patientOverlap):
            true
        default: false
        }
    }

    /// Books with a look at the doctor first.
    func run(_ db: any Connection) throws -> BookingService.Booked {
        let doctor: CalendarRepository.DoctorRow? = try db.first(
            "\(CalendarRepository.doctor(request.doctor))\(db.dialect.forKeyShare(of: "d"))")
        guard let doctor else { throw SchedulingError.doctorNotFound }
        let slot = try checkedSlot(doctor.slotMinutes)
        do {
            return try db.savepoint {
                let answer = try take(slot, db)
                try db.flush()
                return try answer()
            }
        } catch  where Self.isRefusal(error) {
            throw try refusal(db) ?? .slotUnavailable([])
        }
    }

    /// Locks the doctor, inserts the appointment and its effects, all of it without waiting for an answer; what it
    /// returns makes the result once the answers are there.
    ///
    /// The lock comes first and in a statement of its own, so that leave and rescheduling, which take it exclusively,
    /// are either wholly before or wholly after this booking (RULINGS A2).
    func take(_ slot: Slot, _ db: any Connection) throws -> () throws -> BookingService.Booked {
        let id = AppointmentID(try db.nextID(SchedulingMigrations.appointmentIDs))
        let sealedReason = try request.reason.map {
            try vault.seal($0, of: patient, at: BookingService.reasonField(id), db)
        }
        let new = AppointmentRepository.NewAppointment(
            id: id, doctorID: request.doctor, patientID: patient, slot: slot, sealedReason: sealedReason,
            videoRoomID: videoRoomID, at: now)
        let batch = Batch()
        let doctor = batch.first(AppointmentDoctor.self, AppointmentRepository.doctor(request.doctor, db.dialect))
        batch.count(AppointmentRepository.insert(new))
        try batch.later(db)
        try db.require("SELECT 1 FROM appointments WHERE id = \(id)")
        let appointment = Appointment(new)
        try record(appointment, db)
        return {
            guard let doctor = try doctor.value else { throw DatabaseFailure.unmetRequirement }
            return BookingService.Booked(appointment: appointment, doctor: doctor, reason: request.reason)
        }
    }

    private func record(_ appointment: Appointment, _ db: any Connection) throws {
        try db.enqueue(
            OutboxMessage(
                kind: "appointment.booked", subject: "appointment/\(appointment.id)",
                payload: "{\"appointmentId\":\(appointment.id)}"))
        db.audit(AuditEntry(.createPHI, "appointments", "\(appointment.id)", by: origin, patient: patient))
        try db.emit(
            AppointmentBooked(
                appointment: appointment.id, doctor: appointment.doctorID, patient: patient,
                startsAt: appointment.startsAt, endsAt: appointment.endsAt))
    }

    /// Why the time cannot be booked; `nil` when it can.
    func refusal(_ db: any Connection) throws -> SchedulingError? {
        let around = SlotService.alternativeDays(zone.local(start).date)
        let calendar = try CalendarRepository(db: db)
            .calendar(of: request.doctor, for: patient, from: around.from, to: around.to, zone: zone)
        guard let calendar else { return .doctorNotFound }
        let slot = try checkedSlot(calendar.facts.slotMinutes)
        let refusal = SlotPolicy(now: now, doctor: calendar.facts, busy: calendar.busy).refusal(of: slot)
        let isPatientBusy = refusal == nil && calendar.own.contains { $0.overlaps(slot.interval) }
        guard refusal == .slotUnavailable([]) || isPatientBusy else { return refusal }
        let alternatives = SlotService.alternatives(to: slot, in: calendar, now: now, zone: zone)
        return isPatientBusy ? .patientBusy(alternatives) : .slotUnavailable(alternatives)
    }

    private func checkedSlot(_ minutes: Int) throws -> Slot {
        do {
            return try SlotGrid(zone: zone, slotMinutes: minutes).slot(startingAt: zone.local(start))
        } catch .outsideWorkingHours {
            throw SchedulingError.outsideWorkingHours
        } catch .offGrid {
            throw SchedulingError.offGrid
        }
    }
}
