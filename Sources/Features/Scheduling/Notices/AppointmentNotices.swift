import CareSyncCore
import Mail
import Outbox
import Persistence

/// Turns what has happened to appointments into mails. It runs behind the outbox, so that bookings do not wait for it, and
/// looks at the appointment as it is then: what is old or has moved on by itself needs no mail.
struct AppointmentNotices: Sendable {
    let zone: ClinicZone
    let isMailAvailable: Bool

    /// Older news is no news: rows from before there were mails, or from an outage. Reminders still come of them.
    static let maximumAge = TimeSpan.hours(24)

    /// More administrators than are woken for one emergency.
    private static let mostAdministrators = 50

    var handlers: [OutboxHandler] {
        [
            .transaction("appointment.booked", isBatchable: true) { item, db in try tell(item, db, booked) },
            .transaction("appointment.status", isBatchable: true) { item, db in try tell(item, db, statusChanged) },
            .transaction("appointment.rescheduled", isBatchable: true) { item, db in try tell(item, db, rescheduled) },
            .transaction("emergency.unanswered", isBatchable: true) { item, db in try tell(item, db, unanswered) },
        ]
    }

    private func tell(
        _ item: OutboxItem, _ db: any Connection,
        _ body: (OutboxItem, NoticedAppointment, any Connection) throws -> Void
    ) throws {
        guard isMailAvailable, let id = AppointmentID(subject: item.subject),
            let appointment = try NoticedAppointment.find(id, db)
        else { return }
        try body(item, appointment, db)
    }

    /// Puts mails about the message's appointment into the outbox, unless it is too late for them.
    private func send(
        _ kinds: [String], about item: OutboxItem, version: Int64 = 1, _ db: any Connection
    ) throws {
        guard db.now - item.createdAt <= Self.maximumAge else { return }
        for kind in kinds { try db.enqueue(.mail(kind, about: item.subject, version: version)) }
    }

    private func booked(_ item: OutboxItem, _ appointment: NoticedAppointment, _ db: any Connection) throws {
        // A slot that waits for its payment is confirmed by it, and then is news.
        guard appointment.isAhead, appointment.heldUntil == nil else { return }
        let forDoctor =
            appointment.isEmergency ? AppointmentMails.emergencyDoctor : AppointmentMails.bookedDoctor
        try send([forDoctor, AppointmentMails.bookedPatient], about: item, db)
        try remind(item, appointment, db)
    }

    private func statusChanged(_ item: OutboxItem, _ appointment: NoticedAppointment, _ db: any Connection) throws {
        guard appointment.status.rawValue == item.channel else { return }
        switch appointment.status {
        case .confirmed:
            guard appointment.isAhead else { return }
            try send([AppointmentMails.confirmedPatient], about: item, db)
            // By a payment: the doctor hears of it only now.
            if appointment.statusChangedBy != appointment.doctorUsername {
                try send([AppointmentMails.bookedDoctor], about: item, db)
            }
            try remind(item, appointment, db)
        case .cancelled, .cancelledByPatient, .cancelledByDoctor:
            // The doctor has never heard of a slot that was not paid.
            let forDoctor = appointment.heldUntil == nil ? [AppointmentMails.cancelledDoctor] : []
            try send([AppointmentMails.cancelledPatient] + forDoctor, about: item, db)
        case .booked, .scheduled, .inProgress, .completed, .noShow: break
        }
    }

    private func rescheduled(_ item: OutboxItem, _ appointment: NoticedAppointment, _ db: any Connection) throws {
        let isOvertaken = try db.exists(
            """
            SELECT 1 FROM outbox
            WHERE subject = \(item.subject) AND kind = \(item.kind) AND channel = \(item.channel)
                AND version > \(item.version)
            """)
        guard appointment.isAhead, !isOvertaken else { return }
        try send(
            [AppointmentMails.movedPatient, AppointmentMails.movedDoctor], about: item, version: item.version, db)
        try remind(item, appointment, db)
    }

    private func unanswered(_ item: OutboxItem, _ appointment: NoticedAppointment, _ db: any Connection) throws {
        guard appointment.status == .booked else { return }
        let administrators: [Int64] = try db.values(
            "SELECT id FROM users WHERE role = 'ADMIN' AND is_active ORDER BY id LIMIT \(Self.mostAdministrators)")
        for administrator in administrators {
            try send([AppointmentMails.emergencyUnanswered], about: item, version: administrator, db)
        }
    }

    /// The version is the start: however often an appointment is confirmed or its reason changed, there is one reminder of
    /// it, and one that has moved has another. The mail looks whether the start still is this one.
    private func remind(_ item: OutboxItem, _ appointment: NoticedAppointment, _ db: any Connection) throws {
        let due = Reminder.remindAt(appointment.startsAt, zone: zone)
        guard due > db.now else { return }
        try db.enqueue(
            .mail(
                AppointmentMails.reminderPatient, about: item.subject, version: appointment.startsAt.seconds, due: due))
    }
}

/// What notices need of an appointment. Reasons and everything else that is clinical stays where it is.
struct NoticedAppointment: RowDecodable {
    let id: AppointmentID
    let doctor: DoctorID
    let patient: PatientID
    let startsAt: Instant
    let status: AppointmentStatus
    let isActive: Bool
    let isEmergency: Bool
    let heldUntil: Instant?
    let statusChangedBy: String
    let doctorUsername: String
    let doctorName: String
    let doctorEmail: String
    let patientEmail: String
    let isDoctorOut: Bool
    let isPatientOut: Bool

    init(row: Row) throws {
        id = try row.value("id")
        doctor = try row.value("doctor_id")
        patient = try row.value("patient_id")
        startsAt = try row.value("starts_at")
        status = try row.value("status")
        isActive = try row.value("is_active")
        isEmergency = try row.value("is_emergency")
        heldUntil = try row.value("held_until")
        statusChangedBy = try row.value("status_changed_by")
        doctorUsername = try row.value("doctor_username")
        doctorName = try row.value("first_name") + " " + row.value("last_name")
        doctorEmail = try row.value("doctor_email")
        patientEmail = try row.value("patient_email")
        isDoctorOut = try row.value("is_doctor_out")
        isPatientOut = try row.value("is_patient_out")
    }

    /// Also when an administrator has deleted it: the two it was between are told that it does not take place.
    static func find(_ id: AppointmentID, _ db: any Connection) throws -> NoticedAppointment? {
        try db.first(
            """
            SELECT a.id, a.doctor_id, a.patient_id, a.starts_at, a.status, a.is_active, a.is_emergency, a.held_until,
                   a.status_changed_by, ud.username AS doctor_username, d.first_name, d.last_name,
                   ud.email AS doctor_email, up.email AS patient_email,
                   NOT (d.is_active AND d.is_verified) AS is_doctor_out, NOT up.is_active AS is_patient_out
            FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN users ud ON ud.id = a.doctor_id
                JOIN users up ON up.id = a.patient_id
            WHERE a.id = \(id)
            """)
    }

    /// Whether it takes place as far as is known.
    var isAhead: Bool { isActive && status.isOccupying }
}
