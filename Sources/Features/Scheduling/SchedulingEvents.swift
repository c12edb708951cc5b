package import CareSyncCore

/// A patient has taken a slot, or somebody has for them.
package struct AppointmentBooked: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let startsAt: Instant
    package let endsAt: Instant
    /// Until when the slot waits for its payment; `nil` when it does not.
    package let heldUntil: Instant?
}

/// An appointment has moved to another status.
package struct AppointmentStatusChanged: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let from: AppointmentStatus
    package let to: AppointmentStatus
}

/// An appointment has moved to another time; the old one is free.
package struct AppointmentRescheduled: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
    package let from: Instant
    package let to: Instant
}

/// A patient needs a doctor now.
package struct EmergencyBooked: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
}

/// The doctor has not opened an emergency in time; an administrator has to step in.
package struct EmergencyUnanswered: DomainEvent, Equatable {
    package let appointment: AppointmentID
    package let doctor: DoctorID
    package let patient: PatientID
}

package struct LeaveAdded: DomainEvent, Equatable {
    package let doctor: DoctorID
    package let startDate: LocalDate
    package let endDate: LocalDate
}

package struct LeaveRemoved: DomainEvent, Equatable {
    package let doctor: DoctorID
    package let startDate: LocalDate
    package let endDate: LocalDate
}
