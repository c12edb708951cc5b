import CareSyncCore
import Directory
import WebAPI

/// An appointment as the patient sees it (rules/appointments 10).
package struct PatientAppointmentResponse: WireResponse {
    let appointmentId: AppointmentID
    let doctorId: DoctorID
    let doctorName: String
    let doctorSpecialization: String?
    let doctorEmail: String
    let doctorContactInfo: String?
    let doctorProfileImageUrl: String?
    let doctorIsVerified: Bool
    let appointmentDate: LocalDate
    let appointmentTime: LocalTime
    let startsAt: OffsetDateTime
    let endsAt: OffsetDateTime
    let timeZone: String
    let status: AppointmentStatus
    let reason: String?
    let createdAt: ClinicTimestamp
    let updatedAt: ClinicTimestamp
    let statusChangedAt: ClinicTimestamp?
    let statusChangedBy: String
    let cancellationReason: String?
    let heldUntil: Instant?
    let amountDue: Money?
    let cancellationTerms: [CancellationStepBody]
    let videoRoomId: String?
    let isActive: Bool

    init(_ seen: AppointmentService.ForPatient, zone: ClinicZone, now: Instant) {
        let (appointment, doctor) = (seen.appointment, seen.doctor)
        let times = AppointmentTimes(appointment, zone: zone)
        appointmentId = appointment.id
        doctorId = appointment.doctorID
        doctorName = doctor.name
        doctorSpecialization = doctor.specialization
        doctorEmail = doctor.email
        doctorContactInfo = doctor.contactInfo
        doctorProfileImageUrl = doctor.profileImageURL
        doctorIsVerified = doctor.isVerified
        appointmentDate = times.local.date
        appointmentTime = times.local.time
        startsAt = times.startsAt
        endsAt = times.endsAt
        timeZone = zone.identifier
        status = appointment.status
        reason = seen.reason
        createdAt = times.createdAt
        updatedAt = times.updatedAt
        statusChangedAt = times.statusChangedAt
        statusChangedBy = appointment.statusChangedBy
        cancellationReason = seen.cancellationReason
        heldUntil = appointment.isHold ? appointment.heldUntil : nil
        amountDue = appointment.amountDue(at: now)
        cancellationTerms = CancellationStepBody.steps(of: appointment.terms)
        videoRoomId = appointment.openRoom
        isActive = appointment.isActive
    }
}

/// An appointment as the doctor sees it. What belongs to the patient is `null` unless the doctor treats them.
struct DoctorAppointmentResponse: WireResponse {
    let appointmentId: AppointmentID
    let doctorId: DoctorID
    let patientId: PatientID
    /// `null` when the patient's key is lost, like everything else that is stored encrypted.
    let patientName: String?
    let patientEmail: String?
    let patientContactInfo: String?
    let patientIllnessDetails: String?
    let patientProfileImageUrl: String?
    let appointmentDate: LocalDate
    let appointmentTime: LocalTime
    let startsAt: OffsetDateTime
    let endsAt: OffsetDateTime
    let timeZone: String
    let status: AppointmentStatus
    let reason: String?
    let createdAt: ClinicTimestamp
    let updatedAt: ClinicTimestamp
    let statusChangedAt: ClinicTimestamp?
    let statusChangedBy: String
    let cancellationReason: String?
    let heldUntil: Instant?
    let amountDue: Money?
    let videoRoomId: String?
    let isActive: Bool
    let medicalHistory: [HistoryItem]

    init(_ seen: AppointmentService.ForDoctor, zone: ClinicZone, now: Instant) {
        let appointment = seen.appointment
        let times = AppointmentTimes(appointment, zone: zone)
        appointmentId = appointment.id
        doctorId = appointment.doctorID
        patientId = appointment.patientID
        patientName = seen.patient?.name
        patientEmail = seen.access != nil ? seen.email : nil
        patientContactInfo = seen.access != nil ? seen.patient?.contactInfo : nil
        patientIllnessDetails = seen.access != nil ? seen.patient?.illnessDetails : nil
        patientProfileImageUrl = seen.access != nil ? seen.patient?.profileImageURL : nil
        appointmentDate = times.local.date
        appointmentTime = times.local.time
        startsAt = times.startsAt
        endsAt = times.endsAt
        timeZone = zone.identifier
        status = appointment.status
        reason = seen.reason
        createdAt = times.createdAt
        updatedAt = times.updatedAt
        statusChangedAt = times.statusChangedAt
        statusChangedBy = appointment.statusChangedBy
        cancellationReason = seen.cancellationReason
        heldUntil = appointment.isHold ? appointment.heldUntil : nil
        amountDue = appointment.amountDue(at: now)
        videoRoomId = appointment.openRoom
        isActive = appointment.isActive
        medicalHistory = seen.history
    }
}

/// An appointment's times as responses show them.
struct AppointmentTimes {
    let local: LocalDateTime
    let startsAt: OffsetDateTime
    let endsAt: OffsetDateTime
    let createdAt: ClinicTimestamp
    let updatedAt: ClinicTimestamp
    let statusChangedAt: ClinicTimestamp?

    init(_ appointment: Appointment, zone: ClinicZone) {
        local = zone.local(appointment.startsAt)
        startsAt = OffsetDateTime(appointment.startsAt, zone: zone)
        endsAt = OffsetDateTime(appointment.endsAt, zone: zone)
        createdAt = ClinicTimestamp(appointment.createdAt, zone: zone)
        updatedAt = ClinicTimestamp(appointment.updatedAt, zone: zone)
        statusChangedAt = appointment.statusChangedAt.map { ClinicTimestamp($0, zone: zone) }
    }
}
