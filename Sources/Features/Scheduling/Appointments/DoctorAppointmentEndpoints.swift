import CareSyncCore
import WebAPI

struct StatusChangeParameters: Codable, Sendable, Validated {
    var id: AppointmentID
    var status: AnyCase<AppointmentStatus>
    /// Kept when the status is a cancellation.
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

/// What a doctor does with the appointments of their patients.
struct DoctorAppointmentEndpoints: Sendable {
    let appointments: AppointmentService

    private static let base = "/api/appointments/doctor"

    private static let listed =
        "Verified doctors, their own, by start. What belongs to a patient is null unless the doctor treats them."

    var all: [Endpoint] { lists + changes }

    private var lists: [Endpoint] {
        [
            get("my-patients", "Appointments of my patients", use: list),
            get("my-patients/upcoming", "Appointments that are not over yet", use: upcoming),
            get("my-patients/today", "Today's appointments", use: today),
            get("my-patients/completed", "Completed appointments", use: completed),
            get("my-patients/cancelled", "Cancelled appointments", use: cancelled),
            .get(
                "\(Self.base)/my-patients/status/{status}", "Appointments with one status", Self.listed,
                access: .role(.doctor), fails: [SchedulingError.doctorNotVerified], use: withStatus),
        ]
    }

    private var changes: [Endpoint] {
        [
            .put(
                "\(Self.base)/{id}/status", "Change the status of an appointment",
                """
                Verified doctors, their own. BOOKED, SCHEDULED, CONFIRMED, IN_PROGRESS and COMPLETED follow each \
                other; a cancellation tells the patient.
                """,
                access: .role(.doctor), fails: SchedulingError.refusedStatusChanges + [.notStarted], use: changeStatus),
            .put(
                "\(Self.base)/{id}/confirm", "Confirm an appointment", "Verified doctors, their own.",
                access: .role(.doctor), fails: SchedulingError.refusedStatusChanges, use: confirm),
            .put(
                "\(Self.base)/{id}/complete", "Complete an appointment", "Verified doctors, their own.",
                access: .role(.doctor), fails: SchedulingError.refusedStatusChanges, use: complete),
            .put(
                "\(Self.base)/{id}/cancel", "Cancel an appointment",
                "Verified doctors, their own. The patient is told.", access: .role(.doctor),
                fails: SchedulingError.refusedStatusChanges, use: cancel),
            .put(
                "\(Self.base)/{id}/no-show", "Record a no-show",
                "Verified doctors, their own, after the start time.", access: .role(.doctor),
                fails: SchedulingError.refusedStatusChanges + [.notStarted], use: noShow),
        ]
    }

    private func get(
        _ path: String, _ summary: String,
        use handler:
            @escaping @Sendable (EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
                DoctorAppointmentResponse
            >
    ) -> Endpoint {
        .get(
            "\(Self.base)/\(path)", summary, Self.listed, access: .role(.doctor),
            fails: [SchedulingError.doctorNotVerified], use: handler)
    }

    @Sendable func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        try await list(.all, request.parameters.request, request)
    }

    @Sendable func upcoming(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        try await list(.upcoming(now: request.metadata.receivedAt), request.parameters.request, request)
    }

    @Sendable func today(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        let zone = appointments.context.zone
        let date = zone.date(at: request.metadata.receivedAt)
        let day = AppointmentFilter.between(zone.startOfDay(date), zone.startOfDay(date.adding(days: 1)))
        return try await list(day, request.parameters.request, request)
    }

    @Sendable func completed(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        try await list(.status([.completed]), request.parameters.request, request)
    }

    @Sendable func cancelled(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        try await list(.status(AppointmentStatus.cancelledOnes), request.parameters.request, request)
    }

    func withStatus(_ request: EndpointRequest<StatusListParameters, NoBody>) async throws -> PagedResponse<
        DoctorAppointmentResponse
    > {
        try await list(request.parameters.filter, request.parameters.request, request)
    }

    func changeStatus(_ request: EndpointRequest<StatusChangeParameters, NoBody>) async throws
        -> DoctorAppointmentResponse
    {
        try await set(
            request.parameters.id, to: request.parameters.status.value, because: request.parameters.reason, request)
    }

    func confirm(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse {
        try await set(request.parameters.id, to: .confirmed, request)
    }

    func complete(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse
    {
        try await set(request.parameters.id, to: .completed, request)
    }

    func cancel(_ request: EndpointRequest<CancelParameters, NoBody>) async throws -> DoctorAppointmentResponse {
        try await set(request.parameters.id, to: .cancelledByDoctor, because: request.parameters.reason, request)
    }

    func noShow(_ request: EndpointRequest<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse {
        try await set(request.parameters.id, to: .noShow, request)
    }

    private func set<Parameters>(
        _ id: AppointmentID, to target: AppointmentStatus, because reason: String? = nil,
        _ request: EndpointRequest<Parameters, NoBody>
    ) async throws -> DoctorAppointmentResponse {
        let changed = try await appointments.changeStatus(
            of: id, to: target, by: try request.principal.requireDoctor(), because: reason, origin: request.origin)
        return DoctorAppointmentResponse(changed, zone: appointments.context.zone, now: appointments.context.now)
    }

    private func list<Parameters>(
        _ filter: AppointmentFilter, _ page: PageRequest, _ request: EndpointRequest<Parameters, NoBody>
    ) async throws -> PagedResponse<DoctorAppointmentResponse> {
        let found = try await appointments.list(
            of: try request.principal.requireDoctor(), filter, page, origin: request.origin)
        return PagedResponse(
            found.map { DoctorAppointmentResponse($0, zone: appointments.context.zone, now: appointments.context.now) })
    }
}
