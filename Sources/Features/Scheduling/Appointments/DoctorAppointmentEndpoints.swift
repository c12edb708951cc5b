import CareSyncCore
import WebAPI

struct StatusChangeParameters: Codable, Sendable, Validated {
    var id: AppointmentID
    var status: String
    /// Kept when the status is a cancellation.
    var reason: String?

    static let rules: [Rule<Self>] = [.maxLength("reason", \.reason, 500)]
}

/// What a doctor does with the appointments of their patients.
struct DoctorAppointmentEndpoints: Sendable {
    let appointments: AppointmentService

    private static let base = "/api/appointments/doctor"

    var all: [Endpoint] { lists + changes }

    private var lists: [Endpoint] {
        [
            get("my-patients", "Appointments of my patients", use: list),
            get("my-patients/upcoming", "Appointments that are not over yet", use: upcoming),
            get("my-patients/today", "Appointments of today", use: today),
            get("my-patients/completed", "Completed appointments", use: completed),
            get("my-patients/cancelled", "Cancelled appointments", use: cancelled),
            .get(
                "\(Self.base)/my-patients/status/{status}", "Appointments with one status", access: .role(.doctor),
                fails: SchedulingError.self, use: withStatus),
        ]
    }

    private var changes: [Endpoint] {
        [
            .put(
                "\(Self.base)/{id}/status", "Move an appointment to another status", access: .role(.doctor),
                fails: SchedulingError.self, use: changeStatus),
            .put(
                "\(Self.base)/{id}/confirm", "Confirm an appointment", access: .role(.doctor),
                fails: SchedulingError.self, use: confirm),
            .put(
                "\(Self.base)/{id}/complete", "Complete an appointment", access: .role(.doctor),
                fails: SchedulingError.self, use: complete),
            .put(
                "\(Self.base)/{id}/cancel", "Cancel an appointment", access: .role(.doctor),
                fails: SchedulingError.self, use: cancel),
            .put(
                "\(Self.base)/{id}/no-show", "Note that the patient did not come", access: .role(.doctor),
                fails: SchedulingError.self, use: noShow),
        ]
    }

    private func get(
        _ path: String, _ summary: String,
        use handler:
            @escaping @Sendable (Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse>
    ) -> Endpoint {
        .get(
            "\(Self.base)/\(path)", summary, access: .role(.doctor), fails: SchedulingError.self, use: handler)
    }

    @Sendable func list(_ call: Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        try await list(.all, call.parameters.request, call)
    }

    @Sendable func upcoming(_ call: Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        try await list(.upcoming(now: call.request.receivedAt), call.parameters.request, call)
    }

    @Sendable func today(_ call: Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        let zone = appointments.context.zone
        let date = zone.date(at: call.request.receivedAt)
        let day = AppointmentFilter.between(zone.startOfDay(date), zone.startOfDay(date.adding(days: 1)))
        return try await list(day, call.parameters.request, call)
    }

    @Sendable func completed(_ call: Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        try await list(.status([.completed]), call.parameters.request, call)
    }

    @Sendable func cancelled(_ call: Call<PageParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        try await list(.status(AppointmentStatus.cancelledOnes), call.parameters.request, call)
    }

    func withStatus(_ call: Call<StatusListParameters, NoBody>) async throws -> Listing<DoctorAppointmentResponse> {
        try await list(try call.parameters.filter(), call.parameters.request, call)
    }

    func changeStatus(_ call: Call<StatusChangeParameters, NoBody>) async throws -> DoctorAppointmentResponse {
        guard let asked = AppointmentStatus(anyCase: call.parameters.status) else { throw SchedulingError.badStatus }
        // The published client cancels by asking for the legacy status.
        return try await move(
            call.parameters.id, to: asked == .cancelled ? .cancelledByDoctor : asked, because: call.parameters.reason,
            call)
    }

    func confirm(_ call: Call<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse {
        try await move(call.parameters.id, to: .confirmed, call)
    }

    func complete(_ call: Call<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse {
        try await move(call.parameters.id, to: .completed, call)
    }

    func cancel(_ call: Call<CancelParameters, NoBody>) async throws -> DoctorAppointmentResponse {
        try await move(call.parameters.id, to: .cancelledByDoctor, because: call.parameters.reason, call)
    }

    func noShow(_ call: Call<IDPath<AppointmentTag>, NoBody>) async throws -> DoctorAppointmentResponse {
        try await move(call.parameters.id, to: .noShow, call)
    }

    private func move<Parameters>(
        _ id: AppointmentID, to target: AppointmentStatus, because reason: String? = nil,
        _ call: Call<Parameters, NoBody>
    ) async throws -> DoctorAppointmentResponse {
        let moved = try await appointments.move(
            id, to: target, by: try call.principal.requireDoctor(), because: reason, origin: call.origin)
        return DoctorAppointmentResponse(moved, zone: appointments.context.zone)
    }

    private func list<Parameters>(
        _ filter: AppointmentFilter, _ page: PageRequest, _ call: Call<Parameters, NoBody>
    ) async throws -> Listing<DoctorAppointmentResponse> {
        let found = try await appointments.list(
            of: try call.principal.requireDoctor(), filter, page, origin: call.origin)
        return Listing(found.map { DoctorAppointmentResponse($0, zone: appointments.context.zone) })
    }
}
