import CareSyncCore
import WebAPI

struct HoldEndpoints: Sendable {
    let holds: HoldService

    var all: [Endpoint] {
        [
            .post(
                "/api/appointments/{id}/hold/release", "Release a held slot",
                "Patients, their own hold. Its time is free at once.", access: .role(.patient),
                fails: [SchedulingError.appointmentNotFound, .notHeld], use: release)
        ]
    }

    func release(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> MessageResponse {
        try await holds.release(
            request.parameters.id, by: try request.principal.requirePatient(), origin: request.origin)
        return MessageResponse(message: "The slot is free again.")
    }
}
