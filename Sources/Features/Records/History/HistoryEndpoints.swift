import CareSyncCore
import Scheduling
import WebAPI

struct HistoryListParameters: Codable, Sendable, PagedParameters {
    var patientId: PatientID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct RecentHistoryParameters: Codable, Sendable, Validated, Documented {
    var patientId: PatientID
    var limit: Int?

    static let rules: [Rule<Self>] = [.range("limit", \.limit, 1...100)]
    static let notes: [String: FieldNote] = ["limit": FieldNote("How many entries.", default: 10)]
}

struct HistoryRangeParameters: Codable, Sendable, PagedParameters {
    var patientId: PatientID
    var startDate: LocalDate
    var endDate: LocalDate
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        paging + [
            Rule("endDate", .described("not before startDate")) {
                $0.endDate < $0.startDate ? "must not be before startDate" : nil
            }
        ]

    var filter: HistoryFilter { .between(startDate, endDate) }

    private static let paging = Rule<Self>.paging
}

struct DiagnosisParameters: Codable, Sendable, PagedParameters, Documented {
    var patientId: PatientID
    var diagnosis: String
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] = paging + [.text("diagnosis", \.diagnosis, .line, 200)]
    static let notes: [String: FieldNote] = ["diagnosis": "What the diagnosis contains, in any case."]

    private static let paging = Rule<Self>.paging
}

/// Reads of `/api/medical-history`.
struct HistoryEndpoints: Sendable {
    let histories: HistoryService
    let responses: HistoryResponses

    private static let base = "/api/medical-history"
    private static let readers: Access = .roles([.patient, .doctor, .admin])
    private static let whose = """
        Patients, their own; verified doctors who treat the patient; administrators with break-glass only.
        """

    var all: [Endpoint] {
        [
            .get(
                "\(Self.base)/{id}", "An entry of a patient's history", Self.whose, access: Self.readers,
                fails: [HistoryError.notFound], [SchedulingError.doctorNotVerified], use: find),
            route("", "A patient's history, the latest visit first", use: list),
            route("/recent", "A patient's latest entries", use: recent),
            route("/by-date-range", "A patient's visits from one day to another, both included", use: between),
            route("/diagnosis/{diagnosis}", "A patient's entries with a diagnosis", use: diagnosed),
            route("/with-doctor", "A patient's history in short, with the doctors", use: withDoctor),
            route("/summary", "How often a patient came, and what was found", use: summary),
        ]
    }

    private func route<P: Decodable & Sendable, R: ResponseConvertible>(
        _ path: String, _ summary: String,
        use handler: @escaping @Sendable (EndpointRequest<P, NoBody>) async throws -> R
    ) -> Endpoint {
        .get(
            "\(Self.base)/patient/{patientId}\(path)", summary, Self.whose, access: Self.readers,
            subject: .patient("patientId"), fails: [SchedulingError.doctorNotVerified], use: handler)
    }

    func find(_ request: EndpointRequest<IDPath<HistoryTag>, NoBody>) async throws -> VersionedResponse<HistoryResponse>
    {
        let entry = try await histories.find(
            request.parameters.id, by: try request.principal, origin: request.origin)
        return VersionedResponse(responses.read(entry), version: "\(entry.record.version)")
    }

    func list(_ request: EndpointRequest<HistoryListParameters, NoBody>) async throws -> PagedResponse<HistoryResponse>
    {
        try await list(request, request.parameters.patientId, .all, request.parameters.request)
    }

    func recent(_ request: EndpointRequest<RecentHistoryParameters, NoBody>) async throws -> [HistoryResponse] {
        let page = try await histories.list(
            of: request.parameters.patientId, .all, PageRequest(page: 0, size: request.parameters.limit ?? 10),
            by: try request.principal, origin: request.origin)
        return page.items.map(responses.read)
    }

    func between(_ request: EndpointRequest<HistoryRangeParameters, NoBody>) async throws -> PagedResponse<
        HistoryResponse
    > {
        try await list(
            request, request.parameters.patientId, request.parameters.filter, request.parameters.request)
    }

    func diagnosed(_ request: EndpointRequest<DiagnosisParameters, NoBody>) async throws -> PagedResponse<
        HistoryResponse
    > {
        let page = try await histories.list(
            of: request.parameters.patientId, diagnosed: request.parameters.diagnosis, request.parameters.request,
            by: try request.principal, origin: request.origin)
        return PagedResponse(page.map(responses.read))
    }

    func withDoctor(_ request: EndpointRequest<HistoryListParameters, NoBody>) async throws -> PagedResponse<
        HistoryWithDoctorResponse
    > {
        let page = try await histories.list(
            of: request.parameters.patientId, .all, request.parameters.request, by: try request.principal,
            origin: request.origin)
        return PagedResponse(page.map { HistoryWithDoctorResponse($0, zone: responses.context.zone) })
    }

    func summary(_ request: EndpointRequest<PatientPath, NoBody>) async throws -> HistorySummaryResponse {
        let patient = request.parameters.patientId
        let summary = try await histories.summary(of: patient, by: try request.principal, origin: request.origin)
        return HistorySummaryResponse(summary, of: patient)
    }

    private func list<P>(
        _ request: EndpointRequest<P, NoBody>, _ patient: PatientID, _ filter: HistoryFilter, _ page: PageRequest
    ) async throws -> PagedResponse<HistoryResponse> {
        let found = try await histories.list(
            of: patient, filter, page, by: try request.principal, origin: request.origin)
        return PagedResponse(found.map(responses.read))
    }
}

struct PatientPath: Codable, Sendable {
    let patientId: PatientID
}
