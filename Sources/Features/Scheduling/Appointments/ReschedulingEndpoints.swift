import CareSyncCore
import WebAPI

struct RescheduleParameters: Codable, Sendable {
    var id: AppointmentID
    var newDateTime: ClientDateTime
}

struct RescheduledResponse: WireResponse {
    let message: String
    let appointment: PatientAppointmentResponse
}

struct ReschedulingEndpoints: Sendable {
    let rescheduling: ReschedulingService

    var all: [Endpoint] {
        [
            .put(
                "/api/appointments/patient/{id}", "Change time or reason of my appointment",
                "Patients, their own, while it is BOOKED. The doctor stays the same.", access: .role(.patient),
                fails: SchedulingError.refusedSlots + SchedulingError.refusedChanges, use: update),
            .put(
                "/api/appointments/patient/{id}/reschedule", "Move my appointment to another time",
                "Patients, their own, while it is BOOKED. The doctor is told.", access: .role(.patient),
                fails: SchedulingError.refusedSlots + SchedulingError.refusedChanges, use: rescheduleByPatient),
            .put(
                "/api/appointments/doctor/{id}/reschedule", "Move an appointment to another time",
                "Verified doctors, their own. The patient is told.", access: .role(.doctor),
                fails: SchedulingError.refusedSlots + SchedulingError.refusedChanges + [.doctorNotVerified],
                use: rescheduleByDoctor),
        ]
    }

    func update(
        _ request: EndpointRequest<IDPath<AppointmentTag>, CreateAppointmentRequest>
    ) async throws -> PatientAppointmentResponse {
        let change = ReschedulingService.Change(
            time: request.body.appointmentDateTime, field: SchedulingError.bookedTime,
            reason: request.body.reason.flatMap(\.filled), namedDoctor: request.body.doctorId)
        return response(
            try await rescheduling.reschedule(
                request.parameters.id, by: try request.principal.requirePatient(), change, origin: request.origin))
    }

    func rescheduleByPatient(_ request: EndpointRequest<RescheduleParameters, NoBody>) async throws
        -> RescheduledResponse
    {
        let moved = try await rescheduling.reschedule(
            request.parameters.id, by: try request.principal.requirePatient(), change(request.parameters),
            origin: request.origin)
        return RescheduledResponse(message: "Appointment rescheduled successfully", appointment: response(moved))
    }

    func rescheduleByDoctor(_ request: EndpointRequest<RescheduleParameters, NoBody>) async throws
        -> DoctorAppointmentResponse
    {
        let moved = try await rescheduling.reschedule(
            request.parameters.id, by: try request.principal.requireDoctor(), change(request.parameters),
            origin: request.origin)
        return DoctorAppointmentResponse(moved, zone: rescheduling.context.zone, now: rescheduling.context.now)
    }

    private func change(_ parameters: RescheduleParameters) -> ReschedulingService.Change {
        ReschedulingService.Change(time: parameters.newDateTime, field: "newDateTime")
    }

    private func response(_ moved: AppointmentService.ForPatient) -> PatientAppointmentResponse {
        PatientAppointmentResponse(moved, zone: rescheduling.context.zone, now: rescheduling.context.now)
    }
}
