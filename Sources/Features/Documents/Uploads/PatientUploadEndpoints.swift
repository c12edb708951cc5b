import CareSyncCore
import WebAPI

struct PatientPath: Codable, Sendable {
    let patientId: PatientID
}

/// `POST /api/patients/{patientId}/upload/…`: who may is judged before the file is read.
struct PatientUploadEndpoints: Sendable {
    let desk: UploadDesk

    private static let own = "Patients, for themselves."
    private static let treated = "Patients for themselves, and doctors who treat them."

    var all: [Endpoint] {
        [
            .post(
                "/api/patients/{patientId}/upload/profile-image", "Upload a patient's picture",
                "Patients, for themselves. It takes the place of the present one; what cameras write into it is removed.",
                access: .role(.patient), subject: .patient("patientId"),
                fails: DocumentError.refusedUploads + [.patientErased], settings: desk.settings, use: image),
            .post(
                "/api/patients/{patientId}/upload/medical-document", "File a document of a patient", Self.treated,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"),
                fails: DocumentError.refusedUploads + [.patientErased, .imageElsewhere], DocumentError.unverified,
                settings: desk.settings, use: medicalDocument),
            treatedRoute("prescription", "File a prescription", .prescription),
            treatedRoute("lab-report", "File a laboratory report without a booking", .labReport),
            ownRoute("insurance", "File an insurance document", .insuranceDocument),
            ownRoute("identification", "File an identity document", .identification),
        ]
    }

    private typealias Form<Fields: Decodable & Sendable> = EndpointRequest<PatientPath, FileForm<Fields>>
    private typealias Answer = IdempotentResponse<UploadResponse>

    private func treatedRoute(_ name: String, _ summary: String, _ type: DocumentType) -> Endpoint {
        .post(
            "/api/patients/{patientId}/upload/\(name)", summary, Self.treated, access: .roles([.patient, .doctor]),
            subject: .patient("patientId"), fails: DocumentError.refusedUploads + [.patientErased],
            DocumentError.unverified, settings: desk.settings
        ) { (request: Form<DescriptionFields>) in try await file(request, as: type) }
    }

    private func ownRoute(_ name: String, _ summary: String, _ type: DocumentType) -> Endpoint {
        .post(
            "/api/patients/{patientId}/upload/\(name)", summary, Self.own, access: .role(.patient),
            subject: .patient("patientId"), fails: DocumentError.refusedUploads + [.patientErased],
            settings: desk.settings
        ) { (request: Form<DescriptionFields>) in try await file(request, as: type) }
    }

    @Sendable private func image(_ request: Form<DescriptionFields>) async throws -> Answer {
        try await file(request, as: .profileImage, .profileImage)
    }

    @Sendable private func medicalDocument(_ request: Form<TypedFields>) async throws -> Answer {
        let owner = DocumentOwner.patient(request.parameters.patientId)
        try await desk.uploads.authorize(Reader(try request.principal), owner: owner, type: .medicalDocument)
        return try await desk.take(request) { fields in
            UploadService.Order(
                owner: owner, type: try UploadDesk.chosen(fields.documentType, default: .medicalDocument),
                description: TextSort.content(of: fields.description))
        }
    }

    private func file(
        _ request: Form<DescriptionFields>, as type: DocumentType, _ purpose: FilePurpose = .document
    ) async throws -> Answer {
        let owner = DocumentOwner.patient(request.parameters.patientId)
        try await desk.uploads.authorize(Reader(try request.principal), owner: owner, type: type)
        return try await desk.take(request, purpose) { fields in
            UploadService.Order(owner: owner, type: type, description: TextSort.content(of: fields.description))
        }
    }
}
