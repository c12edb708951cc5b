import CareSyncCore
import Mail
import Outbox
import Persistence

/// The mails about appointments. They say with whom and when, and nothing of why.
enum AppointmentMails {
    static let bookedPatient = MailName("booked-patient")
    static let emergencyPatient = MailName("emergency-patient", isUrgent: true)
    static let heldPatient = MailName("held-patient", isUrgent: true)
    static let holdEndedPatient = MailName("hold-ended-patient")
    static let revivedPatient = MailName("revived-patient")
    static let bookedDoctor = MailName("booked-doctor")
    static let confirmedPatient = MailName("confirmed-patient")
    static let cancelledPatient = MailName("cancelled-patient")
    static let cancelledDoctor = MailName("cancelled-doctor")
    static let rescheduledPatient = MailName("rescheduled-patient")
    static let rescheduledDoctor = MailName("rescheduled-doctor")
    static let reminderPatient = MailName("reminder-patient")
    static let doctorOut = MailName("doctor-out")
    static let patientOut = MailName("patient-out")
    static let emergencyDoctor = MailName("emergency-doctor", isUrgent: true)
    static let emergencyUnanswered = MailName("emergency-unanswered", isUrgent: true)

    /// - Parameters:
    ///   - advice: what somebody in an emergency is told.
    ///   - payLink: where a held appointment can be paid for.
    static func kinds(zone: ClinicZone, advice: String, payLink: @escaping PayLink) -> [MailKind] {
        func kind(
            _ name: MailName, _ template: MailTemplate,
            _ recipient: @escaping @Sendable (NoticedAppointment) -> String,
            if isTrue: @escaping @Sendable (NoticedAppointment, MailOrder) -> Bool
        ) -> MailKind {
            MailKind(name, template) { order, db in
                guard let appointment = try appointment(of: order, db), isTrue(appointment, order),
                    let address = MailAddress(recipient(appointment))
                else { return nil }
                return letter(appointment, to: address, at: db.now, zone: zone)
            }
        }
        return [
            kind(emergencyPatient, emergencyBooked(advice), \.patientEmail) { appointment, _ in appointment.isAhead },
            kind(bookedPatient, booked, \.patientEmail) { appointment, _ in appointment.isAhead },
            kind(bookedDoctor, newForDoctor, \.doctorEmail) { appointment, _ in appointment.isAhead },
            MailKind(heldPatient, held) { order, db in
                guard let appointment = try appointment(of: order, db), let until = appointment.heldUntil,
                    appointment.isAhead, until > db.now, let address = MailAddress(appointment.patientEmail)
                else { return nil }
                return MailKind.MailDraft(
                    to: address,
                    [
                        "doctor": appointment.doctorName, "time": zone.mailText(appointment.startsAt),
                        "until": zone.mailText(until),
                        "payOffer": AppointmentOffers.payment(payLink(appointment.id)),
                    ],
                    validUntil: until)
            },
            kind(holdEndedPatient, holdEnded, \.patientEmail) { appointment, _ in appointment.status == .cancelled },
            kind(confirmedPatient, confirmed, \.patientEmail) { appointment, _ in
                appointment.isAhead && appointment.status == .confirmed
            },
            kind(revivedPatient, revived, \.patientEmail) { appointment, _ in
                appointment.isAhead && appointment.status == .confirmed
            },
            kind(cancelledPatient, cancelled, \.patientEmail) { appointment, _ in appointment.status.isCancelled },
            kind(cancelledDoctor, cancelledForDoctor, \.doctorEmail) { appointment, _ in
                appointment.status.isCancelled
            },
            kind(rescheduledPatient, rescheduled, \.patientEmail) { appointment, _ in appointment.isAhead },
            kind(rescheduledDoctor, rescheduledForDoctor, \.doctorEmail) { appointment, _ in appointment.isAhead },
            kind(reminderPatient, reminder, \.patientEmail) { appointment, order in
                // Whether it will take place is for the clinic to say.
                appointment.isAhead && appointment.startsAt == order.moment && !appointment.isDoctorOut
                    && !appointment.isPatientOut
            },
            kind(doctorOut, keptWithoutDoctor, \.patientEmail) { appointment, _ in
                appointment.isAhead && appointment.isDoctorOut
            },
            kind(patientOut, keptWithoutPatient, \.doctorEmail) { appointment, _ in
                appointment.isAhead && appointment.isPatientOut
            },
            kind(emergencyDoctor, emergency, \.doctorEmail) { appointment, _ in
                appointment.isAhead && appointment.status == .booked
            },
            MailKind(emergencyUnanswered, unanswered) { order, db in
                guard let administrator = order.recipient else { return nil }
                let email: String? = try db.value(
                    "SELECT email FROM users WHERE id = \(administrator) AND role = 'ADMIN' AND is_active")
                guard let appointment = try appointment(of: order, db), appointment.status == .booked,
                    let address = email.flatMap({ MailAddress($0) })
                else { return nil }
                var letter = letter(appointment, to: address, at: db.now, zone: zone)
                letter.set("number", "\(appointment.id)")
                return letter
            },
        ]
    }

    private static func appointment(of order: MailOrder, _ db: any Connection) throws -> NoticedAppointment? {
        try AppointmentID(subject: order.subject).flatMap { try NoticedAppointment.find($0, db) }
    }

    /// News of a coming appointment is useless once it has begun; an emergency or a cancellation stays news for a day.
    private static func letter(
        _ appointment: NoticedAppointment, to address: MailAddress, at now: Instant, zone: ClinicZone
    ) -> MailKind.MailDraft {
        let isPlanned = appointment.isAhead && !appointment.isEmergency
        return MailKind.MailDraft(
            to: address,
            [
                "doctor": appointment.doctorName, "time": zone.mailText(appointment.startsAt),
                "patientOffer": AppointmentOffers.forPatient(appointment, at: now),
                "patientRebooking": AppointmentOffers.rebooking(appointment),
                "doctorOffer": AppointmentOffers.forDoctor(appointment),
            ],
            validUntil: appointment.startsAt + (isPlanned ? .seconds(0) : AppointmentNotices.maximumAge))
    }

    private static func template(_ subject: String, _ sentences: String...) -> MailTemplate {
        MailTemplate(
            subject: subject, text: "Hello,\n\n" + sentences.joined(separator: "\n\n") + "\n",
            html: "<p>Hello,</p>\n" + sentences.map { "<p>\($0)</p>" }.joined(separator: "\n"))
    }

    private static let booked = template(
        "Appointment booked: {{time}}", "your appointment with Dr. {{doctor}} is booked for {{time}}.",
        "{{patientOffer}}")
    private static let held = template(
        "Please pay for your appointment: {{time}}",
        "an appointment with Dr. {{doctor}} on {{time}} is held for you until {{until}}.",
        "It is confirmed as soon as it is paid for; otherwise it becomes free again by itself.", "{{payOffer}}")
    private static let holdEnded = template(
        "Appointment not kept: {{time}}",
        "the time to pay for your appointment with Dr. {{doctor}} on {{time}} has run out, and it is free for others "
            + "again.",
        "Should your payment still arrive, you get the appointment if it is free, and otherwise your money back. "
            + "You will be told.",
        "{{patientRebooking}}")
    private static let revived = template(
        "Appointment confirmed after all: {{time}}",
        "your payment came after the time for it had run out. The appointment with Dr. {{doctor}} on {{time}} was still "
            + "free, and is confirmed.",
        "{{patientOffer}}")
    private static func emergencyBooked(_ advice: String) -> MailTemplate {
        template(
            "Emergency appointment: {{time}}", advice,
            "Your emergency appointment with Dr. {{doctor}} is booked for {{time}}. The doctor is told at once.",
            "{{patientOffer}}")
    }
    private static let newForDoctor = template(
        "New appointment: {{time}}", "a patient has booked an appointment with you for {{time}}.",
        "{{doctorOffer}}")
    private static let confirmed = template(
        "Appointment confirmed: {{time}}", "your appointment with Dr. {{doctor}} on {{time}} is confirmed.",
        "{{patientOffer}}"
    )
    private static let cancelled = template(
        "Appointment cancelled: {{time}}", "your appointment with Dr. {{doctor}} on {{time}} was cancelled.",
        "{{patientRebooking}}")
    private static let cancelledForDoctor = template(
        "Appointment cancelled: {{time}}", "an appointment with you on {{time}} was cancelled.")
    private static let rescheduled = template(
        "Appointment moved to {{time}}", "your appointment with Dr. {{doctor}} was moved. It now begins on {{time}}.",
        "{{patientOffer}}")
    private static let rescheduledForDoctor = template(
        "Appointment moved to {{time}}", "an appointment with you was moved. It now begins on {{time}}.")
    private static let reminder = template(
        "Reminder: appointment {{time}}", "this is to remind you of your appointment with Dr. {{doctor}} on {{time}}.",
        "{{patientOffer}}")
    private static let keptWithoutDoctor = template(
        "Your appointment on {{time}}: please ask the clinic",
        "Dr. {{doctor}} is not taking appointments at present. Your appointment on {{time}} has not been cancelled.",
        "The clinic will take care of it.", "{{patientOffer}}")
    private static let keptWithoutPatient = template(
        "An appointment on {{time}}: the patient's account is closed",
        "the account of a patient who has an appointment with you on {{time}} was closed. The appointment has not been "
            + "cancelled.",
        "Sign in to CareSync to see it, or to cancel it.")
    private static let emergency = template(
        "Emergency: a patient needs you now", "a patient has asked for you in an emergency on {{time}}.",
        "Sign in to CareSync at once. If you do not open it, an administrator is told.")
    private static let unanswered = template(
        "Emergency not opened by the doctor",
        "Dr. {{doctor}} has not opened emergency appointment {{number}} of {{time}}.",
        "Sign in to CareSync and make sure that the patient is helped.")
}
