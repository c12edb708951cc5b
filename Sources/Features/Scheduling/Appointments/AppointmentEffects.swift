import AuditTrail
import CareSyncCore
import FeatureContract
import Outbox
import Persistence

/// What every change of an appointment leaves behind in its transaction: an event and a line in the audit log.
enum AppointmentEffects {
    /// Who an appointment is between, and when.
    struct Subject: RowDecodable, Equatable {
        let id: AppointmentID
        let doctor: DoctorID
        let patient: PatientID
        let startsAt: Instant
        let endsAt: Instant
        /// Until when the slot waits, or waited, for its payment.
        let heldUntil: Instant?

        init(_ appointment: Appointment) {
            id = appointment.id
            doctor = appointment.doctorID
            patient = appointment.patientID
            startsAt = appointment.startsAt
            endsAt = appointment.endsAt
            heldUntil = appointment.heldUntil
        }

        init(row: Row) throws {
            id = try row.value("id")
            doctor = try row.value("doctor_id")
            patient = try row.value("patient_id")
            startsAt = try row.value("starts_at")
            endsAt = try row.value("ends_at")
            heldUntil = try row.value("held_until")
        }

        static let columns: SQL = "id, doctor_id, patient_id, starts_at, ends_at, held_until"
    }

    static func booked(
        _ appointment: Appointment, isEmergency: Bool, by origin: RequestOrigin, _ db: any Connection
    ) throws {
        if let heldUntil = appointment.heldUntil {
            try db.enqueue(HoldExpiry(appointment: appointment.id), due: heldUntil)
        }
        audit(.createPHI, Subject(appointment), by: origin, db)
        try db.emit(
            AppointmentBooked(
                appointment: appointment.id, doctor: appointment.doctorID, patient: appointment.patientID,
                startsAt: appointment.startsAt, endsAt: appointment.endsAt, isEmergency: isEmergency,
                heldUntil: appointment.heldUntil, by: origin.principal?.userID, at: db.scope.services.time.now))
    }

    static func statusChanged(
        _ subject: Subject, from: AppointmentStatus, to: AppointmentStatus, by origin: RequestOrigin,
        _ db: any Connection
    ) throws {
        // However a hold ends, its timer has nothing left to do.
        if subject.heldUntil != nil { try db.withdraw(HoldExpiry(appointment: subject.id)) }
        try noteStatus(subject, from: from, to: to, by: origin, db)
    }

    /// The timer of a hold has ended it, and is marked as done by itself.
    static func holdRanOut(_ subject: Subject, _ db: any Connection) throws {
        try noteStatus(subject, from: .booked, to: .cancelled, by: .system(HoldExpiry.kind), db)
    }

    /// However an appointment ends before its time, what was to be paid for it ends here; a no-show does not.
    private static func noteStatus(
        _ subject: Subject, from: AppointmentStatus, to: AppointmentStatus, by origin: RequestOrigin,
        _ db: any Connection
    ) throws {
        audit(.updatePHI, subject, by: origin, reason: to.rawValue, db)
        try db.emit(
            AppointmentStatusChanged(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, startsAt: subject.startsAt,
                endsAt: subject.endsAt, from: from, to: to, endsHold: subject.heldUntil != nil && to.isCancelled,
                by: origin.principal?.userID, at: db.scope.services.time.now))
        guard to.isCancelled else { return }
        try db.emit(
            PayableEnded(
                PayableID(.appointment, subject.id.rawValue), by: to == .cancelledByPatient ? .patient : .clinic,
                startsAt: subject.startsAt, origin: origin))
    }

    /// The money for it has come, and changes nothing else.
    static func paid(_ subject: Subject, by origin: RequestOrigin, _ db: any Connection) {
        audit(.updatePHI, subject, by: origin, reason: "PAID", db)
    }

    static func rescheduled(
        _ subject: Subject, from: Instant, to: Instant, by origin: RequestOrigin, _ db: any Connection
    ) throws {
        audit(.updatePHI, subject, by: origin, reason: "RESCHEDULED", db)
        try db.emit(
            AppointmentRescheduled(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, from: from, to: to,
                heldUntil: subject.heldUntil, by: origin.principal?.userID, at: db.scope.services.time.now))
    }

    /// The night has made an appointment inactive.
    static func expired(_ subject: Subject, by origin: RequestOrigin, _ db: any Connection) throws {
        audit(.updatePHI, subject, by: origin, reason: "EXPIRED", db)
        try db.emit(
            AppointmentExpired(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, startsAt: subject.startsAt,
                endsAt: subject.endsAt, by: origin.principal?.userID, at: db.scope.services.time.now))
    }

    static func deleted(_ subject: Subject, by origin: RequestOrigin, _ db: any Connection) throws {
        audit(.adminAction, subject, by: origin, reason: "DELETED", db)
        try db.emit(
            AppointmentDeleted(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, startsAt: subject.startsAt,
                endsAt: subject.endsAt, by: origin.principal?.userID, at: db.scope.services.time.now))
    }

    private static func audit(
        _ action: AuditEntry.Action, _ subject: Subject, by origin: RequestOrigin, reason: String? = nil,
        _ db: any Connection
    ) {
        db.audit(
            AuditEntry(action, "appointments", "\(subject.id)", by: origin, patient: subject.patient, reason: reason))
    }
}
