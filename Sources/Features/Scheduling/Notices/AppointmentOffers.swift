import CareSyncCore

/// What a mail tells its reader to do about an appointment: only what the API then allows (rules/appointments 2, 4 and 5).
enum AppointmentOffers {
    static func forPatient(_ appointment: NoticedAppointment, at now: Instant) -> String {
        guard !appointment.isPatientOut else { return askClinic }
        guard appointment.isAhead, appointment.startsAt > now,
            StatusMover.patient.mayMove(appointment.status, to: .cancelledByPatient)
        else { return "Sign in to CareSync to see the appointment." }
        return StatusMover.patient.reschedulable.contains(appointment.status) && !appointment.isDoctorOut
            ? "Sign in to CareSync to see the appointment, to move it or to cancel it."
            : "Sign in to CareSync to see the appointment or to cancel it."
    }

    /// After a cancellation.
    static func rebooking(_ appointment: NoticedAppointment) -> String {
        appointment.isPatientOut ? askClinic : "Sign in to CareSync to book another one."
    }

    /// Of a slot that waits for its payment.
    static func payment(_ link: String?) -> String {
        link.map { "Pay here: \($0)" } ?? "Sign in to CareSync to pay for it or to give it back."
    }

    static func forDoctor(_ appointment: NoticedAppointment) -> String {
        StatusMover.doctor.mayMove(appointment.status, to: .confirmed)
            ? "Sign in to CareSync to see and confirm it." : "Sign in to CareSync to see it."
    }

    private static let askClinic = "Please ask the clinic if you need anything."
}
