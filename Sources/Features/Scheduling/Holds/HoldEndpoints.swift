import CareSyncCore
import WebAPI

struct HoldEndpoints: Sendable {
    let holds: HoldService

    var all: [Endpoint] {
        [
            .post(
                "/api/appointments/{id}/hold/release", "Give a held slot back", access: .role(.patient),
                fails: SchedulingError.self, use: release)
        ]
    }

    func release(_ call: Call<IDPath<AppointmentTag>, NoBody>) async throws -> MessageResponse {
        try await holds.release(call.parameters.id, by: try call.principal.requirePatient(), origin: call.origin)
        return MessageResponse(message: "The slot is free again.")
    }
}
