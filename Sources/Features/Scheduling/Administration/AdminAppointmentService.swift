import AuditTrail
import CareSyncCore
import Directory
import Outbox
import Persistence

/// What an administrator sees of appointments and does with them. Every access is audited.
struct AdminAppointmentService: Sendable {
    let context: SchedulingContext

    struct Seen: Sendable {
        let appointment: Appointment
        let doctorName: String
        let patient: PatientCard
        let reason: String?
        let cancellationReason: String?
    }

    func find(_ id: AppointmentID, origin: RequestOrigin) async throws -> Seen {
        try await context.database.readAudited { [context] db in
            let seen = try Self.read(id, context, db)
            return (
                seen, [AuditEntry(.readPHI, "appointments", "\(id)", by: origin, patient: seen.appointment.patientID)]
            )
        }
    }

    /// Removes an appointment from every list and frees its time; the row stays, with everything that refers to it.
    func delete(_ id: AppointmentID, origin: RequestOrigin) async throws {
        try await context.database.write { db in
            let appointments = AppointmentRepository(db: db)
            guard let found = try appointments.lock(id) else { throw SchedulingError.appointmentNotFound }
            if found.status.isOccupying { try StatusChange.apply(.cancelled, to: found, by: origin, db) }
            try appointments.delete(id, at: db.now)
            try AppointmentEffects.deleted(AppointmentEffects.Subject(found), by: origin, db)
        }
    }

    static func read(_ id: AppointmentID, _ context: SchedulingContext, _ db: any Connection) throws -> Seen {
        guard let row = try AppointmentRepository(db: db).find(id) else { throw SchedulingError.appointmentNotFound }
        let reasons = AppointmentReasons(
            vault: context.vault, key: try context.vault.key(for: row.appointment.patientID, db))
        return Seen(
            appointment: row.appointment, doctorName: row.doctorName, patient: try context.vault.open(row.patient, db),
            reason: try reasons.reason(of: row.appointment),
            cancellationReason: try reasons.cancellation(of: row.appointment))
    }
}
