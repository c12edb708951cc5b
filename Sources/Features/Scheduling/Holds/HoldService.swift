import CareSyncCore
import Outbox
import Persistence

/// The timer that ends a hold.
struct HoldExpiry: Job {
    static let kind = "hold.expire"
    let appointment: AppointmentID
    var key: String { "appointment/\(appointment)" }
}

/// Slots that wait for their payment (rules/holds-and-payment 1). A hold is BOOKED and says until when; it ends by
/// payment, by release or by running out, whichever is first, and only one of them takes effect.
struct HoldService: Sendable {
    let database: any Database

    /// Releases a held slot. Only its owner knows of it.
    func release(_ id: AppointmentID, by patient: PatientID, origin: RequestOrigin) async throws {
        try await database.write { db in
            let now = db.now
            guard let found = try AppointmentRepository(db: db).lock(id, of: patient) else {
                throw SchedulingError.appointmentNotFound
            }
            let appointment = found.appointment
            guard appointment.isHold, !appointment.isExpiredHold(at: now) else { throw SchedulingError.notHeld }
            if appointment.isOver(for: .patient, at: now) { throw SchedulingError.over }
            try StatusChange.apply(.cancelledByPatient, to: appointment, by: origin, db)
        }
    }

    /// Makes room for a booking by ending expired holds before their timer does.
    static func endExpired(
        overlapping interval: Interval, doctor: DoctorID, patient: PatientID, _ db: any Connection
    ) throws {
        let ended = try HoldRepository(db: db).endExpired(overlapping: interval, doctor: doctor, patient: patient)
        for subject in ended {
            try AppointmentEffects.statusChanged(
                subject, from: .booked, to: .cancelled, by: .system(HoldExpiry.kind), db)
        }
    }

    /// What the timer does.
    static func expire(_ id: AppointmentID, _ db: any Connection) throws {
        guard let subject = try HoldRepository(db: db).endExpired(id) else { return }
        try AppointmentEffects.holdRanOut(subject, db)
    }
}
