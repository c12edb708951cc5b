import CareSyncCore
import WebAPI

/// A list of appointments with one status.
struct StatusListParameters: Codable, Sendable, PagedParameters {
    var status: String
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [
            // The service reads it; the document tells what it reads.
            Rule("status", .described("One of \(names), in any case.")) { _ in nil }
        ] + Rule.paging

    private static let names = AppointmentStatus.allCases.map(\.rawValue).joined(separator: ", ")

    func filter() throws -> AppointmentFilter {
        guard let status = AppointmentStatus(anyCase: status) else { throw SchedulingError.badStatus }
        return .status([status])
    }
}

/// Which appointment is cancelled, and why, if the caller likes to say.
struct CancelParameters: Codable, Sendable, Validated {
    var id: AppointmentID
    var reason: String?

    static let rules: [Rule<Self>] = [.maxLength("reason", \.reason, 500)]
}

/// What a patient does with their own appointments.
struct PatientAppointmentEndpoints: Sendable {
    let appointments: AppointmentService

    private static let base = "/api/appointments/patient"

    var all: [Endpoint] {
        [
            .get("\(Self.base)/my-appointments", "My appointments", access: .role(.patient), use: list),
            .get(
                "\(Self.base)/my-appointments/upcoming", "My appointments that are not over yet",
                access: .role(.patient),
                use: upcoming),
            .get(
                "\(Self.base)/my-appointments/status/{status}", "My appointments with one status",
                access: .role(.patient), fails: SchedulingError.self, use: withStatus),
            .get(
                "\(Self.base)/my-appointments/completed", "My completed appointments", access: .role(.patient),
                use: completed),
            .get(
                "\(Self.base)/my-appointments/cancelled", "My cancelled appointments", access: .role(.patient),
                use: cancelled),
            .delete(
                "\(Self.base)/{id}", "Cancel my appointment", access: .role(.patient), fails: SchedulingError.self,
                use: cancel),
        ]
    }

    func list(_ call: Call<PageParameters, NoBody>) async throws -> Listing<PatientAppointmentResponse> {
        try await list(.all, call.parameters.request, try call.principal)
    }

    func upcoming(_ call: Call<PageParameters, NoBody>) async throws -> Listing<PatientAppointmentResponse> {
        try await list(.upcoming(now: call.request.receivedAt), call.parameters.request, try call.principal)
    }

    func withStatus(_ call: Call<StatusListParameters, NoBody>) async throws -> Listing<PatientAppointmentResponse> {
        try await list(try call.parameters.filter(), call.parameters.request, try call.principal)
    }

    func completed(_ call: Call<PageParameters, NoBody>) async throws -> Listing<PatientAppointmentResponse> {
        try await list(.status([.completed]), call.parameters.request, try call.principal)
    }

    func cancelled(_ call: Call<PageParameters, NoBody>) async throws -> Listing<PatientAppointmentResponse> {
        try await list(.status(AppointmentStatus.cancelledOnes), call.parameters.request, try call.principal)
    }

    func cancel(_ call: Call<CancelParameters, NoBody>) async throws -> MessageResponse {
        try await appointments.cancel(
            call.parameters.id, by: try call.principal.requirePatient(), because: call.parameters.reason,
            origin: call.origin)
        return MessageResponse(message: "Appointment cancelled successfully")
    }

    private func list(
        _ filter: AppointmentFilter, _ page: PageRequest, _ principal: Principal
    ) async throws -> Listing<PatientAppointmentResponse> {
        let found = try await appointments.list(of: try principal.requirePatient(), filter, page)
        return Listing(found.map { PatientAppointmentResponse($0, zone: appointments.context.zone) })
    }
}
