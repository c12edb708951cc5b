package import CareSyncCore

/// A patient has taken a slot.
package struct AppointmentBooked: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
}

/// An appointment has moved to another status.
package struct AppointmentStatusChanged: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let from: AppointmentStatus
    package let to: AppointmentStatus
}
