import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Moves appointments from status to status, and lists them.
struct AppointmentService: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault

    /// As a patient sees it.
    struct ForPatient: Sendable {
        let appointment: Appointment
        let doctor: AppointmentDoctor
        let reason: String?
    }

    /// As a doctor sees it; without `patient`'s details when the doctor does not treat them.
    struct ForDoctor: Sendable {
        let appointment: Appointment
        let patient: PatientCard
        let email: String
        let isTreated: Bool
        let reason: String?
    }

    func cancel(_ id: AppointmentID, by patient: PatientID, origin: RequestOrigin) async throws {
        try await database.write { db in
            guard let found = try AppointmentRepository(db: db).lock(id, of: patient) else {
                throw SchedulingError.appointmentNotFound
            }
            try move(found.appointment, to: .cancelledByPatient, by: .patient, origin, db)
        }
    }

    func move(
        _ id: AppointmentID, to target: AppointmentStatus, by doctor: DoctorID, origin: RequestOrigin
    ) async throws -> ForDoctor {
        try await database.write { db in
            try VerifiedDoctor.require(doctor, db)
            let appointments = AppointmentRepository(db: db)
            guard let found = try appointments.lock(id, of: doctor) else { throw SchedulingError.appointmentNotFound }
            // Repeating COMPLETED changes nothing and tells nobody anew.
            if found.appointment.status != .completed || target != .completed {
                try move(found.appointment, to: target, by: .doctor, origin, db)
            }
            guard let moved = try appointments.find(id, of: doctor) else { throw SchedulingError.appointmentNotFound }
            return try open([moved], db)[0]
        }
    }

    private func move(
        _ appointment: Appointment, to target: AppointmentStatus, by mover: StatusMover, _ origin: RequestOrigin,
        _ db: any Connection
    ) throws {
        guard mover.mayMove(appointment.status, to: target) else { throw SchedulingError.illegalTransition }
        guard appointment.isActive else { throw SchedulingError.inactive }
        let now = db.scope.services.time.now
        try db.later(
            AppointmentRepository.move(
                appointment, to: target, isActive: !target.isCancelled, by: origin.principal?.username ?? "SYSTEM",
                at: now))
        try db.enqueue(
            OutboxMessage(
                kind: "appointment.status", subject: "appointment/\(appointment.id)", channel: target.rawValue,
                payload: "{\"appointmentId\":\(appointment.id)}"))
        db.audit(
            AuditEntry(
                .updatePHI, "appointments", "\(appointment.id)", by: origin, patient: appointment.patientID,
                reason: target.rawValue))
        try db.emit(
            AppointmentStatusChanged(
                appointment: appointment.id, doctor: appointment.doctorID, patient: appointment.patientID,
                from: appointment.status, to: target))
    }

    func list(of patient: PatientID, _ filter: AppointmentFilter, _ page: PageRequest) async throws -> Page<ForPatient>
    {
        try await database.read { db in
            let rows = try AppointmentRepository(db: db).list(of: patient, filter, page)
            let key = rows.items.isEmpty ? nil : try vault.key(for: patient, db)
            return try rows.map { row in
                ForPatient(
                    appointment: row.appointment, doctor: row.doctor, reason: try reason(of: row.appointment, key))
            }
        }
    }

    /// A doctor's appointments. Every patient whose data is shown gets a line in the audit log.
    func list(
        of doctor: DoctorID, _ filter: AppointmentFilter, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<ForDoctor> {
        try await database.write { db in
            try VerifiedDoctor.require(doctor, db)
            let rows = try AppointmentRepository(db: db).list(of: doctor, filter, page)
            let opened = try open(rows.items, db)
            try audit(opened, origin, db)
            return rows.replacing(opened)
        }
    }

    private func open(_ rows: [AppointmentRepository.WithPatient], _ db: any Connection) throws -> [ForDoctor] {
        let keys = try vault.keys(for: rows.map(\.appointment.patientID), db)
        let cards = try vault.open(rows.map(\.patient), db)
        return try zip(rows, cards).map { row, card in
            let key = row.isTreated ? keys[row.appointment.patientID] : nil
            return ForDoctor(
                appointment: row.appointment, patient: card, email: row.email, isTreated: row.isTreated,
                reason: try reason(of: row.appointment, key))
        }
    }

    private func audit(_ opened: [ForDoctor], _ origin: RequestOrigin, _ db: any Connection) throws {
        for patient in Set(opened.map(\.appointment.patientID)).sorted() {
            db.audit(AuditEntry(.readPHI, "appointments", "", by: origin, patient: patient))
        }
    }

    private func reason(of appointment: Appointment, _ key: DataKey?) throws -> String? {
        guard let sealed = appointment.sealedReason, let key else { return nil }
        return try vault.open(sealed, with: key, at: BookingService.reasonField(appointment.id))
    }
}

/// Unverified doctors see no patients (contract/common.md §4).
enum VerifiedDoctor {
    static func require(_ doctor: DoctorID, _ db: any Connection) throws {
        let isVerified: Bool? = try db.value("SELECT is_verified FROM doctors WHERE id = \(doctor)")
        guard isVerified == true else { throw SchedulingError.doctorNotVerified }
    }
}
