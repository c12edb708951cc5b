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
                "/api/appointments/patient/{id}", "Change time or reason of my appointment", access: .role(.patient),
                fails: SchedulingError.self, use: update),
            .put(
                "/api/appointments/patient/{id}/reschedule", "Move my appointment to another time",
                access: .role(.patient), fails: SchedulingError.self, use: rescheduleByPatient),
            .put(
                "/api/appointments/doctor/{id}/reschedule", "Move an appointment to another time",
                access: .role(.doctor), fails: SchedulingError.self, use: rescheduleByDoctor),
        ]
    }

    func update(
        _ call: Call<IDPath<AppointmentTag>, CreateAppointmentRequest>
    ) async throws -> PatientAppointmentResponse {
        let change = ReschedulingService.Change(
            time: call.body.appointmentDateTime, field: SchedulingError.bookedTime,
            reason: call.body.reason.flatMap(\.filled), namedDoctor: call.body.doctorId)
        return response(
            try await rescheduling.move(
                call.parameters.id, by: try call.principal.requirePatient(), change, origin: call.origin))
    }

    func rescheduleByPatient(_ call: Call<RescheduleParameters, NoBody>) async throws -> RescheduledResponse {
        let moved = try await rescheduling.move(
            call.parameters.id, by: try call.principal.requirePatient(), change(call.parameters), origin: call.origin)
        return RescheduledResponse(message: "Appointment rescheduled successfully", appointment: response(moved))
    }

    func rescheduleByDoctor(_ call: Call<RescheduleParameters, NoBody>) async throws -> DoctorAppointmentResponse {
        let moved = try await rescheduling.move(
            call.parameters.id, by: try call.principal.requireDoctor(), change(call.parameters), origin: call.origin)
        return DoctorAppointmentResponse(moved, zone: rescheduling.context.zone)
    }

    private func change(_ parameters: RescheduleParameters) -> ReschedulingService.Change {
        ReschedulingService.Change(time: parameters.newDateTime, field: "newDateTime")
    }

    private func response(_ moved: AppointmentService.ForPatient) -> PatientAppointmentResponse {
        PatientAppointmentResponse(moved, zone: rescheduling.context.zone)
    }
}
