package import CareSyncCore
package import FeatureContract
import Outbox
package import Persistence

/// Appointments as something that is paid for (rules/holds-and-payment).
package struct AppointmentPayable: Payable {
    package static let kind = PayableKind.appointment
    private let zone: ClinicZone

    package init(zone: ClinicZone) {
        self.zone = zone
    }

    package func find(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        try id(number).flatMap { try PayableRepository(db: db).find($0) }.map { state(of: $0, db) }
    }

    package func lock(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        try id(number).flatMap { try PayableRepository(db: db).lock($0) }.map { state(of: $0, db) }
    }

    package func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        guard let id = id(number) else { return false }
        let payables = PayableRepository(db: db)
        if let confirmed = try payables.confirm(id, by: origin.principal?.username ?? "SYSTEM") {
            try noteConfirmed(confirmed, from: .booked, by: origin, db)
            return true
        }
        guard let appointment = try payables.find(id)?.appointment, appointment.paidAt == nil else { return false }
        if !appointment.isHold, appointment.isOwed(at: db.now) {
            try payables.markPaid(id)
            AppointmentEffects.paid(AppointmentEffects.Subject(appointment), by: origin, db)
            return true
        }
        return try revive(appointment, by: origin, db)
    }

    package func refunded(_ number: Int64, _ db: any Connection) throws {
        if let id = id(number) { try PayableRepository(db: db).markUnpaid(id) }
    }

    package func unpaid(
        of patient: PatientID, amount: Money, since: Instant, _ db: any Connection
    ) throws -> Int64? {
        try PayableRepository(db: db).unpaid(of: patient, amount: amount, since: since)?.rawValue
    }

    /// A doctor never hears of what is not paid, and does of every payment of an appointment that they have or had.
    package func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try id(number).map { try PayableRepository(db: db).isKnown($0, to: doctor) } ?? false
    }

    private func id(_ number: Int64) -> AppointmentID? { AppointmentID(checking: number) }

    /// Money that comes when the hold has run out still gets the slot, while its time lies ahead and everything about it
    /// is as free as it was (rules/holds-and-payment 4).
    private func revive(
        _ appointment: Appointment, by origin: RequestOrigin, _ db: any Connection
    ) throws -> Bool {
        let payables = PayableRepository(db: db)
        let date = zone.date(at: appointment.startsAt)
        guard try payables.canReturn(appointment, on: date) else { return false }
        if !appointment.isActive {
            try HoldService.endExpired(
                overlapping: Interval(start: appointment.startsAt, end: appointment.endsAt),
                doctor: appointment.doctorID, patient: appointment.patientID, db)
        }
        let username = origin.principal?.username ?? "SYSTEM"
        guard let revived = try payables.revive(appointment.id, by: username) else { return false }
        try noteConfirmed(revived, from: appointment.status, by: origin, db)
        return true
    }

    private func noteConfirmed(
        _ subject: AppointmentEffects.Subject, from: AppointmentStatus, by origin: RequestOrigin, _ db: any Connection
    ) throws {
        try db.withdraw(HoldExpiry(appointment: subject.id))
        try AppointmentEffects.statusChanged(subject, from: from, to: .confirmed, by: origin, db)
    }

    private func state(of row: AppointmentRepository.WithDoctor, _ db: any Connection) -> PayableState {
        let appointment = row.appointment
        return PayableState(
            patient: appointment.patientID, amount: appointment.fee, standing: standing(of: appointment, at: db.now),
            heldUntil: appointment.isHold ? appointment.heldUntil : nil, terms: appointment.terms,
            title: "Consultation with Dr. \(row.doctor.name)")
    }

    /// What was paid and then became inactive is over, although nobody has cancelled it: a person decides about the money.
    private func standing(of appointment: Appointment, at now: Instant) -> PayableState.Standing {
        if appointment.paidAt != nil { return appointment.isActive ? .paid : .over }
        return appointment.isOwed(at: now) ? .due : .over
    }
}
