import CareSyncCore
import Persistence
import WebAPI

/// What the upload routes of both families share.
struct UploadDesk: Sendable {
    let uploads: UploadService
    let receiver: FileReceiver
    let presenter: DocumentPresenter

    /// The file with its form on top.
    var settings: EndpointSettings {
        var settings = EndpointSettings.upload
        settings.bodyLimit = Int(receiver.settings.uploadLimit) + (64 << 10)
        return settings
    }

    func take<Parameters: Sendable, Fields: Decodable & Sendable>(
        _ request: EndpointRequest<Parameters, FileForm<Fields>>, _ purpose: FilePurpose = .document,
        _ order: (Fields) throws -> UploadService.Order
    ) async throws -> IdempotentResponse<UploadResponse> {
        let caller = try request.principal
        let (fields, file) = try await request.body.read { try await receiver.receive($0, for: purpose) }
        let now = request.metadata.receivedAt
        let answer = { @Sendable [presenter] (stored: UploadService.Stored) in
            presenter.response(stored, for: caller.userID, at: now)
        }
        let outcome = try await uploads.store(
            file, try order(fields), by: caller, origin: request.origin,
            idempotency: try request.idempotency(answer))
        return IdempotentResponse.from(outcome, answer)
    }

    /// The type that a client has chosen.
    static func chosen(_ type: AnyCase<DocumentType>?, default standard: DocumentType) throws -> DocumentType {
        guard type?.value != .profileImage else { throw DocumentError.imageElsewhere }
        return type?.value ?? standard
    }
}

/// `POST /api/files/upload/…`: the owner stands in the form, which may come behind the file.
struct FileUploadEndpoints: Sendable {
    let desk: UploadDesk

    var all: [Endpoint] {
        [
            .post(
                "/api/files/upload/certificate", "Upload a certificate",
                "Doctors, for themselves: a new certificate named after the file, or another file for one that is there.",
                access: .role(.doctor), fails: DocumentError.refusedUploads + [.certificateNotFound],
                settings: desk.settings, use: certificate),
            .post(
                "/api/files/upload/profile-image/doctor", "Upload a doctor's picture",
                "Doctors, for themselves. It takes the place of the present one; what cameras write into it is removed.",
                access: .role(.doctor), fails: DocumentError.refusedUploads, settings: desk.settings, use: doctorImage),
            .post(
                "/api/files/upload/profile-image/patient", "Upload a patient's picture",
                "Patients, for themselves. It takes the place of the present one; what cameras write into it is removed.",
                access: .role(.patient), fails: DocumentError.refusedUploads + [.patientErased],
                settings: desk.settings, use: patientImage),
            .post(
                "/api/files/upload/medical-document", "File a document of a patient",
                "Doctors who treat the patient.", access: .role(.doctor),
                fails: DocumentError.refusedUploads + [.patientErased, .imageElsewhere], DocumentError.unverified,
                settings: desk.settings, use: medicalDocument),
            .post(
                "/api/files/upload/doctor-document", "File a document of a doctor", "Doctors, for themselves.",
                access: .role(.doctor), fails: DocumentError.refusedUploads + [.imageElsewhere],
                settings: desk.settings, use: doctorDocument),
            .post(
                "/api/files/upload/lab-report", "File the report of a laboratory booking",
                "Patients whose booking it is, and doctors it names.", access: .roles([.patient, .doctor]),
                fails: DocumentError.refusedUploads + [.patientErased, .bookingNotFound], settings: desk.settings,
                use: labReport),
        ]
    }

    private typealias Form<Fields: Decodable & Sendable> = EndpointRequest<NoParameters, FileForm<Fields>>
    private typealias Answer = IdempotentResponse<UploadResponse>

    @Sendable private func certificate(_ request: Form<CertificateFields>) async throws -> Answer {
        try await desk.take(request) { fields in
            UploadService.Order(
                owner: .doctor(fields.doctorId), type: .certificate,
                description: TextSort.content(of: fields.description),
                certificate: fields.certificateId.map { .existing($0.rawValue) } ?? .new)
        }
    }

    @Sendable private func doctorImage(_ request: Form<DoctorFields>) async throws -> Answer {
        try await desk.take(request, .profileImage) { fields in
            UploadService.Order(
                owner: .doctor(fields.doctorId), type: .profileImage,
                description: TextSort.content(of: fields.description))
        }
    }

    @Sendable private func patientImage(_ request: Form<PatientFields>) async throws -> Answer {
        try await desk.take(request, .profileImage) { fields in
            UploadService.Order(
                owner: .patient(fields.patientId), type: .profileImage,
                description: TextSort.content(of: fields.description))
        }
    }

    @Sendable private func medicalDocument(_ request: Form<TypedPatientFields>) async throws -> Answer {
        try await desk.take(request) { fields in
            UploadService.Order(
                owner: .patient(fields.patientId),
                type: try UploadDesk.chosen(fields.documentType, default: .medicalDocument),
                description: TextSort.content(of: fields.description))
        }
    }

    @Sendable private func doctorDocument(_ request: Form<TypedDoctorFields>) async throws -> Answer {
        try await desk.take(request) { fields in
            UploadService.Order(
                owner: .doctor(fields.doctorId), type: try UploadDesk.chosen(fields.documentType, default: .other),
                description: TextSort.content(of: fields.description))
        }
    }

    @Sendable private func labReport(_ request: Form<LabReportFields>) async throws -> Answer {
        try await desk.take(request) { fields in
            UploadService.Order(
                owner: .patient(fields.patientId), type: .labReport,
                description: TextSort.content(of: fields.description), booking: fields.bookingId.rawValue)
        }
    }
}
