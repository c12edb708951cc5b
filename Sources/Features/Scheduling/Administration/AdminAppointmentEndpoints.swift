import CareSyncCore
import Directory
import WebAPI

/// An appointment as an administrator sees it: `AppointmentResponse` of the published API, and the fields of
/// rules/appointments 10.
struct AdminAppointmentResponse: WireResponse {
    let appointmentId: AppointmentID
    let doctorId: DoctorID
    let patientId: PatientID
    let patientName: String
    let doctorName: String
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
    let isActive: Bool

    init(_ seen: AdminAppointmentService.Seen, zone: ClinicZone, now: Instant) {
        let appointment = seen.appointment
        let times = AppointmentTimes(appointment, zone: zone)
        appointmentId = appointment.id
        doctorId = appointment.doctorID
        patientId = appointment.patientID
        patientName = seen.patient.name
        doctorName = seen.doctorName
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
        isActive = appointment.isActive
    }
}

/// A booking at the desk or by telephone.
struct BookAtDeskRequest: Codable, Sendable, Validated {
    var patientId: PatientID
    var doctorId: DoctorID
    var appointmentDateTime: ClientDateTime
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

struct AdminAppointmentEndpoints: Sendable {
    let appointments: AdminAppointmentService
    let booking: BookingService

    var all: [Endpoint] {
        [
            .get(
                "/api/appointments/admin/{id}", "An appointment", "Administrators. Deleted ones included.",
                access: .role(.admin), fails: [SchedulingError.appointmentNotFound], use: find),
            .delete(
                "/api/appointments/admin/{id}", "Delete an appointment",
                "Administrators. It is cancelled, its time is free, and patient and doctor are told.",
                access: .role(.admin), fails: [SchedulingError.appointmentNotFound], use: delete),
            .post(
                "/api/appointments/admin/book", "Book for a patient at the desk or on the telephone",
                "Administrators. Any free slot; it is booked without a payment.", access: .role(.admin),
                fails: SchedulingError.refusedSlots + [.patientNotFound, .patientInactive], use: book),
        ]
    }

    func find(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> AdminAppointmentResponse {
        try response(try await appointments.find(request.parameters.id, origin: request.origin))
    }

    func delete(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> MessageResponse {
        try await appointments.delete(request.parameters.id, origin: request.origin)
        return MessageResponse(message: "Appointment deleted successfully")
    }

    func book(_ request: EndpointRequest<NoParameters, BookAtDeskRequest>) async throws -> IdempotentResponse<
        AdminAppointmentResponse
    > {
        let order = try BookingOrder(
            .clinic, doctor: request.body.doctorId, patient: request.body.patientId,
            at: request.body.appointmentDateTime, reason: request.body.reason.flatMap(\.filled),
            zone: booking.context.zone)
        let outcome = try await booking.bookAtDesk(
            order, by: request.origin, idempotency: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    @Sendable private func response(_ seen: AdminAppointmentService.Seen) throws -> AdminAppointmentResponse {
        AdminAppointmentResponse(seen, zone: appointments.context.zone, now: appointments.context.now)
    }
}
