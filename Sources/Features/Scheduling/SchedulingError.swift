package import CareSyncCore

/// Why an appointment cannot be made or changed.
package enum SchedulingError: FailureCatalogue, Equatable {
    case doctorNotFound, patientNotFound, appointmentNotFound
    /// The wire name of the refused time goes with each of these.
    case pastTime(String)
    case tooSoon(String, minutes: Int)
    case tooFarAhead(String, days: Int)
    case outsideWorkingHours(String)
    case offGrid(String)
    case doctorOnLeave(String)
    case clinicClosed(String)
    case doctorUnavailable, doctorNotVerified, patientInactive
    /// With up to three free starts of the same doctor, nearest first (rules/calendar-and-slots 7).
    case slotUnavailable([LocalDateTime])
    /// The patient has another appointment at that time.
    case patientBusy([LocalDateTime])
    case illegalTransition, notStarted, inactive
    /// It is too late for this change.
    case over
    /// The patient has reached the bounds of ``PatientLimits``.
    case tooManyAppointments, tooManyHolds
    /// The slot is only held until it is paid for.
    case paymentRequired
    case notHeld

    /// The wire name of the time in the body of a booking.
    static let bookedTime = "appointmentDateTime"

    /// Why a doctor's time cannot be taken.
    static let refusedSlots: [SchedulingError] = [
        .doctorNotFound, .pastTime(bookedTime), .tooSoon(bookedTime, minutes: 60), .tooFarAhead(bookedTime, days: 180),
        .outsideWorkingHours(bookedTime), .offGrid(bookedTime), .doctorOnLeave(bookedTime), .clinicClosed(bookedTime),
        .doctorUnavailable, .slotUnavailable([]),
    ]
    /// Why a patient cannot take a doctor's time.
    static let refusedBookings = refusedSlots + [.patientInactive, .tooManyAppointments, .tooManyHolds]
    /// Why an appointment gets no other time.
    static let refusedChanges: [SchedulingError] = [.appointmentNotFound, .illegalTransition, .inactive, .over]
    /// Why a doctor cannot change the status of an appointment.
    static let refusedStatusChanges: [SchedulingError] = [
        .doctorNotVerified, .appointmentNotFound, .illegalTransition, .inactive, .over, .paymentRequired,
        .patientInactive,
    ]

    /// What a refusal of the slot rules is on the wire.
    init(_ refusal: SlotRefusal, field: String, alternatives: [LocalDateTime] = []) {
        self =
            switch refusal {
            case .past: .pastTime(field)
            case .tooSoon(let minutes): .tooSoon(field, minutes: minutes)
            case .tooFarAhead(let days): .tooFarAhead(field, days: days)
            case .outsideWorkingHours: .outsideWorkingHours(field)
            case .offGrid: .offGrid(field)
            case .clinicClosed: .clinicClosed(field)
            case .doctorUnavailable: .doctorUnavailable
            case .doctorOnLeave: .doctorOnLeave(field)
            case .doctorBusy: .slotUnavailable(alternatives)
            case .patientBusy: .patientBusy(alternatives)
            }
    }

    package var problem: Problem {
        switch self {
        case .doctorNotFound: Problem(.notFound, "DOCTOR_NOT_FOUND", "There is no such doctor.")
        case .patientNotFound: Problem(.notFound, "PATIENT_NOT_FOUND", "There is no such patient.")
        case .appointmentNotFound: Problem(.notFound, "APPOINTMENT_NOT_FOUND", "There is no such appointment.")
        case .pastTime(let field): Self.time(field, "PAST_TIME", "must be in the future")
        case .tooSoon(let field, let minutes):
            Self.time(field, "TOO_SOON", "must be at least \(minutes) minutes from now")
        case .tooFarAhead(let field, let days):
            Self.time(field, "TOO_FAR_AHEAD", "must be within the next \(days) days")
        case .outsideWorkingHours(let field): Self.time(field, "OUTSIDE_WORKING_HOURS", "is outside working hours")
        case .offGrid(let field): Self.time(field, "OFF_GRID", "is not the start of a slot")
        case .doctorUnavailable:
            Problem(.conflict, "DOCTOR_UNAVAILABLE", "This doctor is not taking appointments at the moment.")
        case .doctorOnLeave(let field):
            Self.day(field, "DOCTOR_ON_LEAVE", "The doctor is on leave on that day.", "falls within a leave")
        case .clinicClosed(let field):
            Self.day(field, "CLINIC_CLOSED", "The clinic is closed on that day.", "falls on a holiday")
        case .doctorNotVerified:
            Problem(.forbidden, "DOCTOR_NOT_VERIFIED", "Your account has to be verified by the clinic first.")
        case .patientInactive: Problem(.conflict, "PATIENT_INACTIVE", "The patient's account is not active.")
        case .slotUnavailable(let free): Self.taken("This time is no longer free.", free)
        case .patientBusy(let free): Self.taken("The patient has another appointment at this time.", free)
        case .illegalTransition:
            Problem(.conflict, "ILLEGAL_TRANSITION", "The appointment's status does not allow this.")
        case .notStarted:
            Problem(.conflict, "NOT_STARTED", "A no-show can be recorded only after the start time.")
        case .inactive: Problem(.conflict, "APPOINTMENT_INACTIVE", "The appointment is no longer active.")
        case .over:
            Problem(
                .conflict, "APPOINTMENT_OVER", "The appointment has begun or is over and can no longer be changed.")
        case .tooManyAppointments:
            Problem(
                .conflict, "TOO_MANY_APPOINTMENTS",
                "You can have at most 5 coming appointments with one doctor, and 20 in all. Cancel one to book another."
            )
        case .tooManyHolds:
            Problem(
                .conflict, "TOO_MANY_HOLDS",
                "You can hold at most 5 slots at a time. Pay for one or release it to book another.")
        case .paymentRequired:
            Problem(.conflict, "PAYMENT_REQUIRED", "The appointment has to be paid for first.")
        case .notHeld: Problem(.conflict, "NOT_HELD", "The slot is not held for you any more.")
        }
    }

    private static func taken(_ message: String, _ free: [LocalDateTime]) -> Problem {
        Problem(.conflict, "SLOT_UNAVAILABLE", message, ["alternatives": free], shape: "SlotConflict")
    }

    private static func day(_ field: String, _ code: String, _ message: String, _ rule: String) -> Problem {
        Problem(.conflict, code, message, fieldErrors: [FieldError(field: field, message: rule)])
    }

    private static func time(_ field: String, _ code: String, _ message: String) -> Problem {
        Problem(
            .badRequest, code, "The appointment time \(message).",
            fieldErrors: [FieldError(field: field, message: message)])
    }
}
