import CareSyncCore
import Identity
import WebAPI

struct AddLeaveParameters: Codable, Sendable {
    var affected: AffectedHandling?
}

struct AddLeaveRequest: Codable, Sendable, Validated {
    var startDate: LocalDate
    var endDate: LocalDate
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

/// `DoctorLeaveDto` of the published API.
struct LeaveResponse: WireResponse {
    let id: LeaveID
    let doctorId: DoctorID
    let startDate: LocalDate
    let endDate: LocalDate
    let reason: String?
    let createdAt: LocalDateTime

    init(_ leave: Leave, zone: ClinicZone) {
        id = leave.id
        doctorId = leave.doctorID
        startDate = leave.startDate
        endDate = leave.endDate
        reason = leave.reason
        createdAt = zone.local(leave.createdAt)
    }
}

struct LeaveEndpoints: Sendable {
    let leaves: LeaveService

    var all: [Endpoint] {
        [
            .post(
                "/api/doctor-leaves", "Add a leave",
                """
                Doctors, for themselves. Booked appointments in it are kept or cancelled, as `affected` says; \
                without it they are a conflict.
                """,
                access: .role(.doctor), fails: [LeaveError.overlap, .hasAppointments([], total: 2)], use: add),
            .get(
                "/api/doctor-leaves/my-leaves", "My leaves", "Doctors, their own, by first day.",
                access: .role(.doctor),
                use: list),
            .get(
                "/api/doctor-leaves/upcoming", "My leaves that are not over yet", "Doctors, their own, by first day.",
                access: .role(.doctor), use: upcoming),
            .delete(
                "/api/doctor-leaves/{id}", "Remove a leave", "Doctors, their own. Its days are free at once.",
                access: .role(.doctor), fails: [LeaveError.notFound], use: remove),
        ]
    }

    func add(_ request: EndpointRequest<AddLeaveParameters, AddLeaveRequest>) async throws -> IdempotentResponse<
        LeaveResponse
    > {
        let new = LeaveService.NewLeave(
            startDate: request.body.startDate, endDate: request.body.endDate,
            reason: request.body.reason.flatMap(\.filled),
            handling: request.parameters.affected)
        let outcome = try await leaves.add(
            new, for: try request.principal.requireDoctor(), origin: request.origin,
            idempotency: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<LeaveResponse> {
        try await list(request, onlyUpcoming: false)
    }

    func upcoming(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<LeaveResponse> {
        try await list(request, onlyUpcoming: true)
    }

    func remove(_ request: EndpointRequest<IDPath<LeaveTag>, NoBody>) async throws -> MessageResponse {
        try await leaves.remove(
            request.parameters.id, for: try request.principal.requireDoctor(), origin: request.origin)
        return MessageResponse(message: "Leave record deleted successfully")
    }

    private func list(
        _ request: EndpointRequest<PageParameters, NoBody>, onlyUpcoming: Bool
    ) async throws -> PagedResponse<LeaveResponse> {
        let found = try await leaves.list(
            of: try request.principal.requireDoctor(), onlyUpcoming: onlyUpcoming, request.parameters.request)
        return PagedResponse(found.map { LeaveResponse($0, zone: leaves.context.zone) })
    }

    @Sendable private func response(_ leave: Leave) throws -> LeaveResponse {
        LeaveResponse(leave, zone: leaves.context.zone)
    }
}
