import AuditTrail
import CareSyncCore
import Directory
import Outbox
import Persistence

/// What an administrator sees and does of single appointments. Every look is audited.
struct AdminAppointmentService: Sendable {
    let context: SchedulingContext

    struct Seen: Sendable {
        let appointment: Appointment
        let doctorName: String
        let patient: PatientCard
        let reason: String?
        let cancellationReason: String?
    }

    private struct TreatedPatientRow: RowDecodable {
        let appointment: Appointment
        let doctorFirstName: String
        let doctorLastName: String
        let patient: SealedPatient

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            doctorFirstName = try row.value("first_name")
            doctorLastName = try row.value("last_name")
            patient = try SealedPatient(row: row)
        }
    }

    func find(_ id: AppointmentID, origin: RequestOrigin) async throws -> Seen {
        try await context.database.write { [context] db in
            let seen = try Self.read(id, context, db)
            db.audit(
                AuditEntry(.readPHI, "appointments", "\(id)", by: origin, patient: seen.appointment.patientID))
            return seen
        }
    }

    /// Takes an appointment out of every list and frees its time; the row stays, with everything that hangs on it.
    func delete(_ id: AppointmentID, origin: RequestOrigin) async throws {
        try await context.database.write { db in
            let now = db.scope.services.time.now
            guard
                let found: Appointment = try db.first(
                    """
                    SELECT \(Appointment.columns) FROM appointments a
                    WHERE a.id = \(id) AND a.deleted_at IS NULL\(db.dialect.forUpdate(of: "a"))
                    """)
            else { throw SchedulingError.appointmentNotFound }
            let subject = AppointmentEffects.Subject(found)
            if found.status.isOccupying {
                try db.later(
                    AppointmentRepository.move(
                        found, to: .cancelled, isActive: false, by: origin.principal?.username ?? "SYSTEM", at: now))
                try db.withdraw(kind: HoldService.expiryKind, subject: subject.name)
                try AppointmentEffects.moved(subject, from: found.status, to: .cancelled, by: origin, db)
            }
            try db.later(
                "UPDATE appointments SET is_active = FALSE, deleted_at = \(now), updated_at = \(now) WHERE id = \(id)")
            db.audit(
                AuditEntry(
                    .adminAction, "appointments", "\(id)", by: origin, patient: found.patientID, reason: "DELETED"))
        }
    }

    static func read(_ id: AppointmentID, _ context: SchedulingContext, _ db: any Connection) throws -> Seen {
        let row: TreatedPatientRow? = try db.first(
            """
            SELECT \(Appointment.columns), d.first_name, d.last_name, \(SealedPatient.columns)
            FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN patients p ON p.id = a.patient_id
            WHERE a.id = \(id) AND a.deleted_at IS NULL
            """)
        guard let row else { throw SchedulingError.appointmentNotFound }
        let reasons = AppointmentReasons(
            vault: context.vault, key: try context.vault.key(for: row.appointment.patientID, db))
        return Seen(
            appointment: row.appointment, doctorName: row.doctorFirstName + " " + row.doctorLastName,
            patient: try context.vault.open(row.patient, db), reason: try reasons.reason(of: row.appointment),
            cancellationReason: try reasons.cancellation(of: row.appointment))
    }
}
