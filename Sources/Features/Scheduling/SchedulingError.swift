package import CareSyncCore

/// Why an appointment cannot be made or changed.
package enum SchedulingError: FailureCatalogue, Equatable {
    case doctorNotFound, appointmentNotFound
    case pastTime, tooFarAhead, outsideWorkingHours, offGrid
    case doctorUnavailable, doctorOnLeave, doctorNotVerified
    /// With up to three free starts of the same doctor, nearest first (RULINGS D7).
    case slotUnavailable([LocalDateTime])
    /// The patient has another appointment at that time.
    case patientBusy([LocalDateTime])
    case illegalTransition, inactive
    case badStatus

    package static let catalogue: [SchedulingError] = [
        .doctorNotFound, .appointmentNotFound, .pastTime, .tooFarAhead, .outsideWorkingHours, .offGrid,
        .doctorUnavailable, .doctorOnLeave, .doctorNotVerified, .slotUnavailable([]), .illegalTransition, .inactive,
        .badStatus,
    ]

    package var problem: Problem {
        switch self {
        case .doctorNotFound: Problem(.notFound, "DOCTOR_NOT_FOUND", "There is no such doctor.")
        case .appointmentNotFound: Problem(.notFound, "APPOINTMENT_NOT_FOUND", "There is no such appointment.")
        case .pastTime: Self.time("PAST_TIME", "must be in the future")
        case .tooFarAhead: Self.time("TOO_FAR_AHEAD", "must be within the next 180 days")
        case .outsideWorkingHours: Self.time("OUTSIDE_WORKING_HOURS", "is outside working hours")
        case .offGrid: Self.time("OFF_GRID", "is not the start of a slot")
        case .doctorUnavailable:
            Problem(.conflict, "DOCTOR_UNAVAILABLE", "This doctor does not take appointments at present.")
        case .doctorOnLeave: Problem(.conflict, "DOCTOR_ON_LEAVE", "The doctor is on leave on that day.")
        case .doctorNotVerified:
            Problem(.forbidden, "DOCTOR_NOT_VERIFIED", "Your account has to be verified by the clinic first.")
        case .slotUnavailable(let free):
            Problem(
                .conflict, "SLOT_UNAVAILABLE", "This time is no longer free.",
                ["alternatives": free.map(\.description)])
        case .patientBusy(let free):
            Problem(
                .conflict, "SLOT_UNAVAILABLE", "You have another appointment at this time.",
                ["alternatives": free.map(\.description)])
        case .illegalTransition:
            Problem(.conflict, "ILLEGAL_TRANSITION", "The appointment cannot be moved to this status.")
        case .inactive: Problem(.conflict, "APPOINTMENT_INACTIVE", "The appointment is no longer active.")
        case .badStatus:
            Problem.invalid("status", "INVALID_ARGUMENT", rule: "must be one of " + Self.statuses)
        }
    }

    private static let statuses = AppointmentStatus.allCases.map(\.rawValue).joined(separator: ", ")

    private static func time(_ code: String, _ message: String) -> Problem {
        Problem(
            .badRequest, code, "The appointment time \(message).",
            fieldErrors: [FieldError(field: "appointmentDateTime", message: message)])
    }
}
