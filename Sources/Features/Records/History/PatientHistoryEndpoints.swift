import CareSyncCore
import Scheduling
import WebAPI

struct PatientHistoryPath: Codable, Sendable, Documented {
    let historyId: HistoryID

    static let notes: [String: FieldNote] = ["historyId": "The number of the entry."]
}

/// The routes of histories under `/api/patients`.
struct PatientHistoryEndpoints: Sendable {
    let histories: HistoryService
    let writing: HistoryWritingService
    let responses: HistoryResponses

    private static let whose = "Patients, their own; verified doctors who treat the patient."

    var all: [Endpoint] {
        [
            .post(
                "/api/patients/{patientId}/medical-history", "Write an entry into this patient's history",
                "Verified doctors, for patients they treat. The answer shows the patient's allergies and medication.",
                access: .role(.doctor), subject: .patient("patientId"), fails: [HistoryError.patientErased],
                [SchedulingError.doctorNotVerified], settings: .longTexts, use: create),
            .get(
                "/api/patients/{patientId}/medical-history", "This patient's history, the latest visit first",
                Self.whose, access: .roles([.patient, .doctor]), subject: .patient("patientId"),
                fails: [SchedulingError.doctorNotVerified], use: list),
            .get(
                "/api/patients/{patientId}/medical-history/date-range",
                "This patient's visits from one day to another, both included", Self.whose,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"),
                fails: [SchedulingError.doctorNotVerified], use: between),
            .put(
                "/api/patients/medical-history/{historyId}", "Correct an entry of a history",
                "Doctors, their own, until it is final. What is absent stays; every version is kept.",
                access: .role(.doctor), fails: HistoryError.refusedChanges, [SchedulingError.doctorNotVerified],
                settings: .longTexts, use: update),
            .delete(
                "/api/patients/medical-history/{historyId}", "Take an entry of a history back",
                "Doctors, their own, until it is final. It stays in the database and is shown no more.",
                access: .role(.doctor), fails: [HistoryError.notFound, .notAuthor, .final, .amended],
                [SchedulingError.doctorNotVerified], use: delete),
        ]
    }

    func create(_ request: EndpointRequest<PatientPath, AddHistoryRequest>) async throws -> VersionedResponse<
        IdempotentResponse<HistoryResponse>
    > {
        let outcome = try await writing.create(
            try request.body.new(for: request.parameters.patientId), by: try request.principal, origin: request.origin,
            once: try request.idempotency(responses.created))
        return responses.createdOnce(outcome)
    }

    func list(_ request: EndpointRequest<HistoryListParameters, NoBody>) async throws -> PagedResponse<HistoryResponse>
    {
        let found = try await histories.list(
            of: request.parameters.patientId, .all, request.parameters.request, by: try request.principal,
            origin: request.origin)
        return PagedResponse(found.map(responses.read))
    }

    func between(_ request: EndpointRequest<HistoryRangeParameters, NoBody>) async throws -> PagedResponse<
        HistoryResponse
    > {
        let found = try await histories.list(
            of: request.parameters.patientId, request.parameters.filter, request.parameters.request,
            by: try request.principal, origin: request.origin)
        return PagedResponse(found.map(responses.read))
    }

    func update(_ request: EndpointRequest<PatientHistoryPath, UpdateHistoryRequest>) async throws
        -> VersionedResponse<HistoryResponse>
    {
        let metadata = request.metadata
        let written = try await writing.update(
            request.parameters.historyId, try request.body.change(), by: try request.principal, origin: request.origin
        ) { metadata.admitsChange(ofVersion: "\($0)") }
        return VersionedResponse(responses.updated(written), version: "\(written.entry.record.version)")
    }

    func delete(_ request: EndpointRequest<PatientHistoryPath, NoBody>) async throws -> MessageResponse {
        try await writing.delete(request.parameters.historyId, by: try request.principal, origin: request.origin)
        return MessageResponse(message: "Medical history deleted successfully")
    }
}
