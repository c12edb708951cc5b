import CareSyncCore
import Identity
import WebAPI

struct DocumentPath: Codable, Sendable {
    let documentId: DocumentID
}

struct PatientDocumentsPath: Codable, Sendable, PagedParameters {
    let patientId: PatientID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct TypedPatientDocumentsPath: Codable, Sendable, PagedParameters {
    let patientId: PatientID
    let documentType: AnyCase<DocumentType>
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct DoctorDocumentsPath: Codable, Sendable, PagedParameters {
    let doctorId: DoctorID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct TypedDoctorDocumentsPath: Codable, Sendable, PagedParameters {
    let doctorId: DoctorID
    let documentType: AnyCase<DocumentType>
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct RecentDocumentsParameters: Codable, Sendable, PagedParameters {
    var days: Int?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] = Rule<Self>.paging + [.range("days", \.days, DocumentService.recentDays)]
}

extension RecentDocumentsParameters: Documented {
    static let notes: [String: FieldNote] = ["days": FieldNote("How many days back.", default: 7)]
}

struct DescriptionParameters: Codable, Sendable, Validated {
    let documentId: DocumentID
    /// Empty to take it away.
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct DocumentEndpoints: Sendable {
    let documents: DocumentService
    let presenter: DocumentPresenter

    private static let readers =
        "Patients their own; doctors who treat them, without insurance and identity documents. The newest come first."
    private static let doctorReaders = "Doctors their own, and administrators. The newest come first."

    var all: [Endpoint] {
        [
            .get(
                "/api/files/patient/{patientId}", "A patient's documents", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"), fails: DocumentError.unverified,
                use: ofPatient),
            .get(
                "/api/files/patient/{patientId}/type/{documentType}", "A patient's documents of a type", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"), fails: DocumentError.unverified,
                use: ofPatientByType),
            .get(
                "/api/patients/{patientId}/documents", "A patient's documents", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"), fails: DocumentError.unverified,
                use: ofPatient),
            .get(
                "/api/patients/{patientId}/documents/type/{documentType}", "A patient's documents of a type",
                Self.readers, access: .roles([.patient, .doctor]), subject: .patient("patientId"),
                fails: DocumentError.unverified, use: ofPatientByType),
            .get(
                "/api/patients/{patientId}/profile-image", "A patient's pictures", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"), fails: DocumentError.unverified,
                use: imagesOfPatient),
            .get(
                "/api/files/doctor/{doctorId}", "A doctor's documents", Self.doctorReaders,
                access: .roles([.doctor, .admin]), use: ofDoctor),
            .get(
                "/api/files/doctor/{doctorId}/type/{documentType}", "A doctor's documents of a type",
                Self.doctorReaders, access: .roles([.doctor, .admin]), use: ofDoctorByType),
            .get(
                "/api/files/recent", "Recent documents",
                "Doctors: their own and those of patients they treat, of the last days.", access: .role(.doctor),
                fails: DocumentError.unverified, use: recent),
            .put(
                "/api/files/{documentId}/description", "Describe a document",
                "Patients and doctors: their own; of a patient's documents those they have filed.",
                access: .roles([.patient, .doctor]), fails: [DocumentError.notFound], use: describe),
            .delete(
                "/api/files/{documentId}", "Delete a document",
                "Patients and doctors: their own; of a patient's documents those they have filed.",
                access: .roles([.patient, .doctor]), fails: [DocumentError.notFound, .inUse], use: delete),
        ]
    }

    private typealias List = PagedResponse<DocumentResponse>

    @Sendable private func ofPatient(_ request: EndpointRequest<PatientDocumentsPath, NoBody>) async throws -> List {
        try await list(request.parameters.patientId, nil, request)
    }

    @Sendable private func ofPatientByType(
        _ request: EndpointRequest<TypedPatientDocumentsPath, NoBody>
    ) async throws -> List {
        try await list(request.parameters.patientId, request.parameters.documentType.value, request)
    }

    @Sendable private func imagesOfPatient(
        _ request: EndpointRequest<PatientDocumentsPath, NoBody>
    ) async throws -> List {
        try await list(request.parameters.patientId, .profileImage, request)
    }

    @Sendable private func ofDoctor(_ request: EndpointRequest<DoctorDocumentsPath, NoBody>) async throws -> List {
        try await list(request.parameters.doctorId, nil, request)
    }

    @Sendable private func ofDoctorByType(
        _ request: EndpointRequest<TypedDoctorDocumentsPath, NoBody>
    ) async throws -> List {
        try await list(request.parameters.doctorId, request.parameters.documentType.value, request)
    }

    @Sendable private func recent(
        _ request: EndpointRequest<RecentDocumentsParameters, NoBody>
    ) async throws -> List {
        let found = try await documents.recent(
            days: request.parameters.days ?? 7, for: try request.principal.requireDoctor(),
            request.parameters.request, origin: request.origin)
        return try list(found, request)
    }

    @Sendable private func describe(
        _ request: EndpointRequest<DescriptionParameters, NoBody>
    ) async throws -> DocumentResponse {
        // An empty one takes the description away, so that a missing one must not.
        guard request.metadata.hasQueryValue("description") else {
            throw Problem.invalid("description", "INVALID_ARGUMENT", rule: "is required")
        }
        let reader = Reader(try request.principal)
        let changed = try await documents.describe(
            request.parameters.documentId, as: TextSort.content(of: request.parameters.description), by: reader,
            origin: request.origin)
        return presenter.response(changed, for: reader.user, at: request.metadata.receivedAt)
    }

    @Sendable private func delete(_ request: EndpointRequest<DocumentPath, NoBody>) async throws -> MessageResponse {
        try await documents.delete(
            request.parameters.documentId, by: Reader(try request.principal), origin: request.origin)
        return MessageResponse(message: "Document deleted successfully")
    }

    private func list<Parameters: PagedParameters & Sendable>(
        _ patient: PatientID, _ type: DocumentType?, _ request: EndpointRequest<Parameters, NoBody>
    ) async throws -> List {
        let found = try await documents.list(
            of: patient, type, for: Reader(try request.principal), request.parameters.request, origin: request.origin)
        return try list(found, request)
    }

    private func list<Parameters: PagedParameters & Sendable>(
        _ doctor: DoctorID, _ type: DocumentType?, _ request: EndpointRequest<Parameters, NoBody>
    ) async throws -> List {
        let found = try await documents.list(
            of: doctor, type, for: Reader(try request.principal), request.parameters.request, origin: request.origin)
        return try list(found, request)
    }

    private func list<Parameters: Sendable>(
        _ found: Page<Document>, _ request: EndpointRequest<Parameters, NoBody>
    ) throws -> List {
        let reader = try request.principal.userID
        return PagedResponse(found.map { presenter.response($0, for: reader, at: request.metadata.receivedAt) })
    }
}
