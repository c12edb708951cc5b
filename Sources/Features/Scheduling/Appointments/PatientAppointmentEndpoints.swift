import CareSyncCore
import WebAPI

/// A list of appointments with one status.
struct StatusListParameters: Codable, Sendable, PagedParameters {
    var status: AnyCase<AppointmentStatus>
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging

    var filter: AppointmentFilter { .status([status.value]) }
}

/// Which appointment is cancelled, and why, if the caller likes to say.
struct CancelParameters: Codable, Sendable, Validated {
    var id: AppointmentID
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

/// What a patient does with their own appointments.
struct PatientAppointmentEndpoints: Sendable {
    let appointments: AppointmentService

    private static let base = "/api/appointments/patient"

    private static let listed = "Patients, their own, by start."

    var all: [Endpoint] {
        [
            .get(
                "\(Self.base)/my-appointments", "My appointments", Self.listed, access: .role(.patient), use: list),
            .get(
                "\(Self.base)/my-appointments/upcoming", "My appointments that are not over yet", Self.listed,
                access: .role(.patient), use: upcoming),
            .get(
                "\(Self.base)/my-appointments/status/{status}", "My appointments with one status", Self.listed,
                access: .role(.patient), use: withStatus),
            .get(
                "\(Self.base)/my-appointments/completed", "My completed appointments", Self.listed,
                access: .role(.patient), use: completed),
            .get(
                "\(Self.base)/my-appointments/cancelled", "My cancelled appointments", Self.listed,
                access: .role(.patient), use: cancelled),
            .delete(
                "\(Self.base)/{id}", "Cancel my appointment",
                "Patients, their own, while it is BOOKED or CONFIRMED. The doctor is told.", access: .role(.patient),
                fails: [SchedulingError.appointmentNotFound, .illegalTransition, .inactive, .over, .paymentRequired],
                use: cancel),
        ]
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        try await list(.all, request.parameters.request, try request.principal)
    }

    func upcoming(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        try await list(.upcoming(now: request.metadata.receivedAt), request.parameters.request, try request.principal)
    }

    func withStatus(_ request: EndpointRequest<StatusListParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        try await list(request.parameters.filter, request.parameters.request, try request.principal)
    }

    func completed(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        try await list(.status([.completed]), request.parameters.request, try request.principal)
    }

    func cancelled(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        try await list(.status(AppointmentStatus.cancelledOnes), request.parameters.request, try request.principal)
    }

    func cancel(_ request: EndpointRequest<CancelParameters, NoBody>) async throws -> MessageResponse {
        try await appointments.cancel(
            request.parameters.id, by: try request.principal.requirePatient(), because: request.parameters.reason,
            origin: request.origin)
        return MessageResponse(message: "Appointment cancelled successfully")
    }

    private func list(
        _ filter: AppointmentFilter, _ page: PageRequest, _ principal: Principal
    ) async throws -> PagedResponse<PatientAppointmentResponse> {
        let found = try await appointments.list(of: try principal.requirePatient(), filter, page)
        return PagedResponse(
            found.map { PatientAppointmentResponse($0, zone: appointments.context.zone, now: appointments.context.now) }
        )
    }
}
