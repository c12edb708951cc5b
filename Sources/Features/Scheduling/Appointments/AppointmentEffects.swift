import AuditTrail
import CareSyncCore
import Outbox
import Persistence

/// What every change of an appointment leaves behind in its transaction: a message for the outbox, a line in the audit
/// log and an event.
enum AppointmentEffects {
    /// Who an appointment is between.
    struct Subject: RowDecodable, Equatable {
        let id: AppointmentID
        let doctor: DoctorID
        let patient: PatientID

        init(_ appointment: Appointment) {
            id = appointment.id
            doctor = appointment.doctorID
            patient = appointment.patientID
        }

        init(row: Row) throws {
            id = try row.value("id")
            doctor = try row.value("doctor_id")
            patient = try row.value("patient_id")
        }

        static let columns: SQL = "id, doctor_id, patient_id"

        /// How messages name the appointment.
        var name: String { "appointment/\(id)" }
        var payload: String { "{\"appointmentId\":\(id)}" }
    }

    static func booked(_ appointment: Appointment, by origin: RequestOrigin, _ db: any Connection) throws {
        let subject = Subject(appointment)
        try db.enqueue(OutboxMessage(kind: "appointment.booked", subject: subject.name, payload: subject.payload))
        if let heldUntil = appointment.heldUntil {
            try db.enqueue(HoldService.expiry(of: subject, at: heldUntil))
        }
        db.audit(AuditEntry(.createPHI, "appointments", "\(subject.id)", by: origin, patient: subject.patient))
        try db.emit(
            AppointmentBooked(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient,
                startsAt: appointment.startsAt, endsAt: appointment.endsAt, heldUntil: appointment.heldUntil))
    }

    static func moved(
        _ subject: Subject, from: AppointmentStatus, to: AppointmentStatus, by origin: RequestOrigin,
        _ db: any Connection
    ) throws {
        try db.enqueue(
            OutboxMessage(
                kind: "appointment.status", subject: subject.name, channel: to.rawValue, payload: subject.payload))
        db.audit(
            AuditEntry(
                .updatePHI, "appointments", "\(subject.id)", by: origin, patient: subject.patient,
                reason: to.rawValue))
        try db.emit(
            AppointmentStatusChanged(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, from: from, to: to))
    }

    /// `version` is the appointment's after the move, so each move has a message of its own.
    static func rescheduled(
        _ subject: Subject, from: Instant, to: Instant, version: Int64, by origin: RequestOrigin, _ db: any Connection
    ) throws {
        try db.enqueue(
            OutboxMessage(
                kind: "appointment.rescheduled", subject: subject.name, version: version, payload: subject.payload))
        db.audit(
            AuditEntry(
                .updatePHI, "appointments", "\(subject.id)", by: origin, patient: subject.patient,
                reason: "RESCHEDULED"))
        try db.emit(
            AppointmentRescheduled(
                appointment: subject.id, doctor: subject.doctor, patient: subject.patient, from: from, to: to))
    }
}
