import CareSyncCore
import Payments
import Scheduling
import WebAPI

struct LabBookingEndpoints: Sendable {
    let bookings: LabBookingService
    let paid: PaidLabBookingService
    let reading: LabBookingReading
    let changes: LabBookingChanges

    private static let base = "/api/bookings"
    private static let everyone: Access = .roles([.patient, .doctor, .admin])
    private static let staff: Access = .roles([.doctor, .admin])
    private static let listed = """
        Administrators, all of them without tests and reports; verified doctors, those they prescribed and those of \
        patients they treat. The latest date first.
        """

    private var zone: ClinicZone { reading.context.zone }

    var all: [Endpoint] { booking + lists + single }

    private var booking: [Endpoint] {
        [
            .post(
                "\(Self.base)/patient/with-payment", "Book lab tests and pay for them",
                """
                Patients, for themselves. A captured payment of theirs that belongs to nothing yet is used; otherwise the \
                answer has what the checkout needs, and the booking is COMPLETED when the money comes.
                """, access: .role(.patient), status: 201,
                fails: LabBookingError.refusedBookings + [.amountMismatch], PaymentRefusal.all, use: bookPaid),
            .post(
                "\(Self.base)/doctor", "Prescribe lab tests",
                "Verified doctors, for patients they treat. The patient is told, and pays by a route of payments.",
                access: .role(.doctor), status: 201, fails: LabBookingError.refusedBookings,
                [SchedulingError.doctorNotVerified], use: book),
            .post(
                Self.base, "Book lab tests",
                "Patients, for themselves; verified doctors, for patients they treat. It is paid by a route of payments.",
                access: .roles([.patient, .doctor]), status: 201, fails: LabBookingError.refusedBookings,
                [SchedulingError.doctorNotVerified], use: book),
        ]
    }

    private var lists: [Endpoint] {
        [
            .get(
                Self.base, "Lab bookings", Self.listed, access: Self.staff,
                fails: [SchedulingError.doctorNotVerified], use: list),
            .get(
                "\(Self.base)/my-bookings", "My lab bookings", "Patients, their own. The latest date first.",
                access: .role(.patient), use: list),
            .get(
                "\(Self.base)/status/{status}", "Lab bookings with one status", Self.listed, access: Self.staff,
                fails: [SchedulingError.doctorNotVerified], use: withStatus),
            .get(
                "\(Self.base)/date-range", "Lab bookings between two moments, both included", Self.listed,
                access: Self.staff, fails: [SchedulingError.doctorNotVerified], use: between),
            .get(
                "\(Self.base)/user/{userId}", "Lab bookings of a patient",
                """
                Patients, their own; verified doctors who treat the patient; administrators, without tests and \
                reports. The latest date first.
                """, access: Self.everyone, subject: .patient("userId"),
                fails: [SchedulingError.doctorNotVerified, .patientNotFound], use: listOfPatient),
            .get(
                "\(Self.base)/user/{userId}/count", "How many lab bookings a patient has",
                "Patients, their own; verified doctors who treat the patient; administrators.",
                access: Self.everyone, subject: .patient("userId"),
                fails: [SchedulingError.doctorNotVerified, .patientNotFound], use: count),
        ]
    }

    private var single: [Endpoint] {
        [
            .get(
                "\(Self.base)/{bookingId}", "A lab booking",
                """
                Patients, their own; verified doctors who prescribed it or treat the patient; administrators, without \
                tests and reports unless they have broken the glass.
                """, access: Self.everyone, fails: [LabBookingError.notFound],
                [SchedulingError.doctorNotVerified], use: find),
            .put(
                "\(Self.base)/{bookingId}/status", "Cancel a lab booking, or complete it without a payment",
                """
                Verified doctors who prescribed it or treat the patient, and administrators, cancel what is not paid. \
                Administrators complete what was paid at the desk, with a reason. Everything else is 409.
                """, access: Self.staff, fails: [LabBookingError.notFound, .illegalTransition, .reasonRequired],
                [SchedulingError.doctorNotVerified], use: changeStatus),
            .put(
                "\(Self.base)/{bookingId}/cancel", "Cancel my lab booking",
                """
                Patients, their own. What is paid goes back whole as long as there is no report: the booking stays \
                COMPLETED until the money is back, then it is REFUNDED.
                """, access: .role(.patient), fails: [LabBookingError.notFound, .illegalTransition], use: cancel),
        ]
    }

    @Sendable func book(
        _ request: EndpointRequest<NoParameters, LabBookingRequest>
    ) async throws -> IdempotentResponse<LabBookingResponse> {
        let caller = try request.principal
        let outcome = try await bookings.book(
            try request.body.order(for: caller), by: caller, origin: request.origin,
            once: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    func bookPaid(
        _ request: EndpointRequest<NoParameters, PaidLabBookingRequest>
    ) async throws -> IdempotentResponse<LabBookingResponse> {
        let caller = try request.principal
        let outcome = try await paid.book(
            try request.body.order(for: caller), by: caller, origin: request.origin,
            once: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    @Sendable func list(
        _ request: EndpointRequest<PageParameters, NoBody>
    ) async throws -> PagedResponse<LabBookingResponse> {
        try await list(.all, request.parameters.request, request)
    }

    func withStatus(
        _ request: EndpointRequest<LabBookingStatusParameters, NoBody>
    ) async throws -> PagedResponse<LabBookingResponse> {
        try await list(.status(request.parameters.status), request.parameters.request, request)
    }

    func between(
        _ request: EndpointRequest<LabBookingRangeParameters, NoBody>
    ) async throws -> PagedResponse<LabBookingResponse> {
        try await list(try request.parameters.filter(zone), request.parameters.request, request)
    }

    func listOfPatient(
        _ request: EndpointRequest<BookedPatientParameters, NoBody>
    ) async throws -> PagedResponse<LabBookingResponse> {
        let found = try await reading.list(
            of: request.parameters.userId, request.parameters.request, by: try request.principal,
            origin: request.origin)
        return PagedResponse(try found.map(response))
    }

    func count(_ request: EndpointRequest<BookedPatientPath, NoBody>) async throws -> LabBookingCountResponse {
        let patient = request.parameters.userId
        return LabBookingCountResponse(
            userId: patient,
            bookingCount: try await reading.count(of: patient, by: try request.principal, origin: request.origin))
    }

    func find(_ request: EndpointRequest<LabBookingPath, NoBody>) async throws -> LabBookingResponse {
        try response(
            await reading.find(request.parameters.bookingId, by: request.principal, origin: request.origin))
    }

    func changeStatus(
        _ request: EndpointRequest<ChangeLabBookingParameters, LabBookingReason>
    ) async throws -> LabBookingResponse {
        let parameters = request.parameters
        return try response(
            await changes.changeStatus(
                of: parameters.bookingId, to: parameters.status,
                because: TextSort.content(of: request.body.reason) ?? TextSort.content(of: parameters.reason),
                by: request.principal, origin: request.origin))
    }

    func cancel(_ request: EndpointRequest<LabBookingPath, NoBody>) async throws -> CancelledLabBookingResponse {
        let view = try await changes.cancel(
            request.parameters.bookingId, by: try request.principal, origin: request.origin)
        return CancelledLabBookingResponse(view, zone: zone)
    }

    private func list<Parameters>(
        _ filter: LabBookingFilter, _ page: PageRequest, _ request: EndpointRequest<Parameters, NoBody>
    ) async throws -> PagedResponse<LabBookingResponse> {
        let found = try await reading.list(filter, page, by: try request.principal, origin: request.origin)
        return PagedResponse(try found.map(response))
    }

    @Sendable private func response(_ view: LabBookingView) throws -> LabBookingResponse {
        LabBookingResponse(view, zone: zone)
    }
}
