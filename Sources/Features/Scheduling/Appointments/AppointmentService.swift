import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Changes the status of appointments, and lists them.
struct AppointmentService: Sendable {
    let context: SchedulingContext

    /// As a patient sees it.
    struct ForPatient: Sendable {
        let appointment: Appointment
        let doctor: AppointmentDoctor
        let reason: String?
        let cancellationReason: String?
    }

    /// As a doctor sees it; without `patient`'s details when nothing lets the doctor see them.
    struct ForDoctor: Sendable {
        let appointment: Appointment
        /// `nil` in a list when the patient's key is lost.
        let patient: PatientCard?
        let email: String
        let access: CareAccess?
        let reason: String?
        let cancellationReason: String?
        /// In lists only.
        var history: [HistoryItem] = []
    }

    func cancel(
        _ id: AppointmentID, by patient: PatientID, because reason: String?, origin: RequestOrigin
    ) async throws {
        try await context.database.write { db in
            guard let found = try AppointmentRepository(db: db).lock(id, of: patient) else {
                throw SchedulingError.appointmentNotFound
            }
            // Asking again changes nothing and tells nobody again (rules/appointments 2).
            guard found.appointment.status != .cancelledByPatient else { return }
            try changeStatus(of: found.appointment, to: .cancelledByPatient, by: .patient, because: reason, origin, db)
        }
    }

    /// - Parameter asked: `CANCELLED`, as the published client asks, means `CANCELLED_BY_DOCTOR`.
    func changeStatus(
        of id: AppointmentID, to asked: AppointmentStatus, by doctor: DoctorID, because reason: String? = nil,
        origin: RequestOrigin
    ) async throws -> ForDoctor {
        try await context.database.write { db in
            try VerifiedDoctor.require(doctor, db)
            let appointments = AppointmentRepository(db: db)
            guard let found = try appointments.lock(id, of: doctor, context.care) else {
                throw SchedulingError.appointmentNotFound
            }
            let there = found.appointment.status
            let target = asked == .cancelled && there != .cancelled ? .cancelledByDoctor : asked
            // Asking for what is there already changes nothing and tells nobody again (rules/appointments 2).
            if there != target {
                try changeStatus(of: found.appointment, to: target, by: .doctor, because: reason, origin, db)
            }
            guard let changed = try appointments.find(id, of: doctor, context.care) else {
                throw SchedulingError.appointmentNotFound
            }
            _ = try context.vault.key(for: changed.appointment.patientID, db)
            return try open([changed], db)[0]
        }
    }

    private func changeStatus(
        of appointment: Appointment, to target: AppointmentStatus, by mover: StatusMover, because reason: String?,
        _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        let now = db.now
        guard mover.mayMove(appointment.status, to: target) else { throw SchedulingError.illegalTransition }
        guard appointment.isActive, !appointment.isExpiredHold(at: now) else { throw SchedulingError.inactive }
        // Until it is paid for, a hold can only be released.
        guard !appointment.isHold || target.isCancelled else { throw SchedulingError.paymentRequired }
        let isPlan = mover == .patient || target == .scheduled || target == .confirmed
        if isPlan, appointment.isOver(for: mover, at: now) { throw SchedulingError.over }
        guard target != .noShow || appointment.startsAt <= now else { throw SchedulingError.notStarted }
        let sealed = try reason.flatMap(\.filled).map {
            try context.vault.seal(
                $0, of: appointment.patientID, at: AppointmentReasons.cancellationField(appointment.id), db)
        }
        try StatusChange.apply(target, to: appointment, because: sealed, by: origin, db)
    }

    func list(of patient: PatientID, _ filter: AppointmentFilter, _ page: PageRequest) async throws -> Page<ForPatient>
    {
        try await context.database.read { db in
            let rows = try AppointmentRepository(db: db).list(of: patient, filter, page)
            let key = rows.items.isEmpty ? nil : try context.vault.key(for: patient, db)
            return try rows.map { try self.open($0, key) }
        }
    }

    /// A doctor's appointments, with the histories of the patients the doctor may see. The log names every patient whose
    /// data is shown.
    func list(
        of doctor: DoctorID, _ filter: AppointmentFilter, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<ForDoctor> {
        try await context.database.readAudited { db in
            try VerifiedDoctor.require(doctor, db)
            let rows = try AppointmentRepository(db: db).list(of: doctor, filter, page, context.care)
            var opened = try open(rows.items, db)
            let histories = try context.histories(
                Set(opened.filter { $0.access != nil }.map(\.appointment.patientID)), opened.map(\.appointment.id), db)
            for index in opened.indices where opened[index].access != nil {
                opened[index].history = histories[opened[index].appointment.patientID] ?? []
            }
            return (rows.replacing(opened), Self.entries(for: opened, origin))
        }
    }

    func open(_ row: AppointmentRepository.WithDoctor, _ key: PatientKey?) throws -> ForPatient {
        let reasons = AppointmentReasons(vault: context.vault, key: key)
        return ForPatient(
            appointment: row.appointment, doctor: row.doctor, reason: try reasons.reason(of: row.appointment),
            cancellationReason: try reasons.cancellation(of: row.appointment))
    }

    func open(_ rows: [AppointmentRepository.WithPatient], _ db: any Connection) throws -> [ForDoctor] {
        let keys = try context.vault.keys(for: rows.map(\.appointment.patientID), db)
        return try rows.map { row in
            let key = keys[row.appointment.patientID]
            let reasons = AppointmentReasons(vault: context.vault, key: key)
            return ForDoctor(
                appointment: row.appointment,
                patient: try key.flatMap { try context.vault.open(row.patient, with: $0) },
                email: row.email, access: row.access,
                reason: row.access != nil ? try reasons.reason(of: row.appointment) : nil,
                cancellationReason: try reasons.cancellation(of: row.appointment))
        }
    }

    /// One line for the patients the doctor treats, and one for each reason to see others.
    private static func entries(for opened: [ForDoctor], _ origin: RequestOrigin) -> [AuditEntry] {
        let accesses = Dictionary(opened.map { ($0.appointment.patientID, $0.access?.auditReason) }) { first, _ in first
        }
        return Dictionary(grouping: accesses.keys) { accesses[$0] ?? nil }
            .sorted { ($0.key ?? "") < ($1.key ?? "") }
            .map { reason, patients in
                AuditEntry(.readPHI, "appointments", "", by: origin, patients: patients, reason: reason)
            }
    }
}

/// What patients and doctors say about an appointment, opened with the patient's key.
struct AppointmentReasons {
    let vault: PatientVault
    let key: PatientKey?

    func reason(of appointment: Appointment) throws -> String? {
        try open(appointment.sealedReason, BookingService.reasonField(appointment.id))
    }

    /// Addressed to the other side, which therefore sees it even when the appointment was the last link between them.
    func cancellation(of appointment: Appointment) throws -> String? {
        try open(appointment.sealedCancellationReason, Self.cancellationField(appointment.id))
    }

    static func cancellationField(_ id: AppointmentID) -> FieldContext {
        FieldContext(table: "appointments", column: "cancellation_reason", row: id.rawValue)
    }

    private func open(_ sealed: [UInt8]?, _ field: FieldContext) throws -> String? {
        guard let sealed, let key else { return nil }
        return try vault.open(sealed, with: key, at: field)
    }
}
