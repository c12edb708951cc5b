import CareSyncCore
import WebAPI

/// `LabTestDto` of the published API.
struct LabTestResponse: WireResponse, Documented {
    let id: LabTestID
    let testName: String
    let price: Money
    let description: String?
    let isActive: Bool
    let createdAt: LocalDateTime
    let updatedAt: LocalDateTime?

    init(_ test: LabTest, zone: ClinicZone) {
        id = test.id
        testName = test.name
        price = test.price
        description = test.description
        isActive = test.isActive
        createdAt = zone.local(test.createdAt)
        updatedAt = test.updatedAt.map(zone.local)
    }

    static let notes = LabTestRules.notes
}

struct LabTestQuoteResponse: WireResponse, Documented {
    let totalPrice: Money
    let testCount: Int

    static let notes: [String: FieldNote] = [
        "totalPrice": "What the tests cost together, in rupees.", "testCount": "How many different tests these are.",
    ]
}

struct LabTestEndpoints: Sendable {
    let tests: LabTestService
    let zone: ClinicZone

    private static let base = "/api/lab-tests"

    var all: [Endpoint] { reading + writing }

    private var reading: [Endpoint] {
        let everyone: Access = .roles([.patient, .doctor, .admin])
        return [
            .get(Self.base, "Lab tests that can be booked", "Any account. By name.", access: everyone, use: list),
            .get(
                "\(Self.base)/all", "All lab tests", "Doctors and administrators. Retired ones included, by name.",
                access: .roles([.doctor, .admin]), use: listAll),
            .get(
                "\(Self.base)/search", "Lab tests by a part of their name",
                "Any account. Those that can be booked, by name.", access: everyone, use: search),
            .get(
                "\(Self.base)/{id}", "A lab test", "Any account. Retired ones are unknown to patients.",
                access: everyone, fails: [LabTestError.notFound], use: find),
            .post(
                "\(Self.base)/calculate-price", "What lab tests cost",
                "Any account. The body is a list of 1 to 100 numbers of tests; each counts once.", access: everyone,
                fails: [LabTestError.notOffered([])], use: quote),
        ]
    }

    private var writing: [Endpoint] {
        [
            .post(
                Self.base, "Add a lab test", "Verified doctors and administrators.",
                access: .roles([.doctor, .admin]), status: 201, fails: [LabTestError.exists, .notVerified], use: add),
            .put(
                "\(Self.base)/{id}", "Change a lab test",
                "Verified doctors and administrators. An absent `description` or `isActive` stays as it is.",
                access: .roles([.doctor, .admin]),
                fails: [LabTestError.notFound, .exists, .changedMeanwhile, .notVerified], use: change),
            .delete(
                "\(Self.base)/{id}", "Retire a lab test",
                "Administrators. It can no longer be booked; bookings that have it keep it.", access: .role(.admin),
                fails: [LabTestError.notFound], use: retire),
        ]
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> TaggedResponse<
        PagedResponse<LabTestResponse>
    > {
        response(try await tests.list(onlyActive: true, request.parameters.request))
    }

    func listAll(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> TaggedResponse<
        PagedResponse<LabTestResponse>
    > {
        response(try await tests.list(onlyActive: false, request.parameters.request))
    }

    func search(
        _ request: EndpointRequest<LabTestSearchParameters, NoBody>
    ) async throws -> TaggedResponse<PagedResponse<LabTestResponse>> {
        let (part, page) = (request.parameters.part, request.parameters.request)
        return response(try await tests.list(onlyActive: true, containing: part, page))
    }

    func find(_ request: EndpointRequest<IDPath<LabTestTag>, NoBody>) async throws -> VersionedResponse<
        LabTestResponse
    > {
        versioned(try await tests.find(request.parameters.id, for: request.principal.role))
    }

    func quote(_ request: EndpointRequest<NoParameters, LabTestSelection>) async throws -> LabTestQuoteResponse {
        let quote = try await tests.quote(request.body.ids)
        return LabTestQuoteResponse(totalPrice: quote.total, testCount: quote.count)
    }

    func add(_ request: EndpointRequest<NoParameters, AddLabTestRequest>) async throws -> VersionedResponse<
        IdempotentResponse<LabTestResponse>
    > {
        let outcome = try await tests.add(
            request.body.draft, origin: request.origin, once: try request.idempotency(response))
        return try VersionedResponse.once(outcome, version: \.version, response)
    }

    func change(_ request: EndpointRequest<IDPath<LabTestTag>, ChangeLabTestRequest>) async throws
        -> VersionedResponse<LabTestResponse>
    {
        let metadata = request.metadata
        let changed = try await tests.change(request.parameters.id, request.body.change, origin: request.origin) {
            metadata.admitsChange(ofVersion: "\($0)")
        }
        return versioned(changed)
    }

    func retire(_ request: EndpointRequest<IDPath<LabTestTag>, NoBody>) async throws -> MessageResponse {
        try await tests.retire(request.parameters.id, origin: request.origin)
        return MessageResponse(message: "The lab test was retired.")
    }

    private func versioned(_ test: LabTest) -> VersionedResponse<LabTestResponse> {
        VersionedResponse(LabTestResponse(test, zone: zone), version: "\(test.version)")
    }

    private func response(_ page: Page<LabTest>) -> TaggedResponse<PagedResponse<LabTestResponse>> {
        TaggedResponse(PagedResponse(page.map { LabTestResponse($0, zone: zone) }))
    }

    @Sendable private func response(_ test: LabTest) throws -> LabTestResponse {
        LabTestResponse(test, zone: zone)
    }
}
