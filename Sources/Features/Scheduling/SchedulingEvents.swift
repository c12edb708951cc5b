package import CareSyncCore
package import Outbox

/// News about an appointment.
package protocol AppointmentEvent: DurableEvent {
    var appointment: AppointmentID { get }
    var doctor: DoctorID { get }
    var patient: PatientID { get }
    /// Who did it; `nil` for the system.
    var by: UserID? { get }
    /// When it was done.
    var at: Instant { get }
}

extension AppointmentEvent {
    package var subject: String { "appointment/\(appointment)" }
}

/// A slot was booked by a patient, or for one.
package struct AppointmentBooked: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
    package let isEmergency: Bool
    /// Until when the slot waits for its payment; `nil` when it does not.
    package let heldUntil: Instant?
    package let by: UserID?
    package let at: Instant
}

/// An appointment has moved to another status.
package struct AppointmentStatusChanged: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
    package let from: AppointmentStatus
    package let to: AppointmentStatus
    /// Whether the slot was waiting for its payment and has ended without it.
    package let endsHold: Bool
    package let by: UserID?
    package let at: Instant
}

/// An appointment has moved to another time; the old one is free.
package struct AppointmentRescheduled: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    /// The starts.
    package let from: Instant
    package let to: Instant
    /// Until when the slot waits for its payment; `nil` when it does not.
    package let heldUntil: Instant?
    package let by: UserID?
    package let at: Instant
}

/// The day of an appointment that nobody has confirmed is over; it counts no longer.
package struct AppointmentExpired: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
    package let by: UserID?
    package let at: Instant
}

/// An administrator has taken an appointment out of every list. One that still was to take place has been cancelled before,
/// with an event of its own.
package struct AppointmentDeleted: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
    package let by: UserID?
    package let at: Instant
}

/// A patient needs a doctor now.
package struct EmergencyBooked: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let by: UserID?
    package let at: Instant
}

/// A doctor has not opened an emergency in time; an administrator must step in.
package struct EmergencyUnanswered: AppointmentEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let by: UserID?
    package let at: Instant
}

package struct LeaveAdded: DurableEvent, Equatable {
    package let doctor: DoctorID
    package let startDate: LocalDate
    package let endDate: LocalDate

    package var subject: String { "doctor/\(doctor)" }
}

package struct LeaveRemoved: DurableEvent, Equatable {
    package let doctor: DoctorID
    package let startDate: LocalDate
    package let endDate: LocalDate

    package var subject: String { "doctor/\(doctor)" }
}
