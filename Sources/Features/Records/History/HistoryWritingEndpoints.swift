import CareSyncCore
import Scheduling
import WebAPI

struct AmendHistoryRequest: Codable, Sendable, Validated, Documented {
    var text: String

    static let rules: [Rule<Self>] = [.text("text", \.text, .paragraph, 4_000)]
    static let notes: [String: FieldNote] = ["text": "What is to be added."]
}

/// Something a doctor has added to an entry.
struct AmendmentResponse: WireResponse, Documented {
    let id: AmendmentID
    let text: String?
    let doctorName: String
    let createdAt: LocalDateTime

    static let notes: [String: FieldNote] = ["text": "What was added."]

    init(_ amendment: Amendment, zone: ClinicZone) {
        id = amendment.id
        text = amendment.text
        doctorName = amendment.doctorName
        createdAt = zone.local(amendment.createdAt)
    }
}

/// What an entry said in one of its versions.
struct HistoryVersionResponse: WireResponse, Documented {
    let id: HistoryID
    let patientId: PatientID
    let version: Int64
    let changedAt: LocalDateTime
    let changedBy: String
    /// With the texts `null` once the patient is erased.
    let visitDate: LocalDate?
    let symptoms: String?
    let diagnosis: String?
    let treatment: String?
    let medicine: String?
    let doses: String?
    let notes: String?
    let prescription: [PrescribedMedicine]
    let doctorId: DoctorID
    let doctorName: String
    let appointmentId: AppointmentID?

    static let notes: [String: FieldNote] = [
        "version": "Counted from 1.", "changedAt": "When the entry began to say this.",
        "changedBy": "The name of the doctor who made it say this.",
        "prescription": "What is prescribed, medicine by medicine.",
    ]

    init(_ version: HistoryVersion, of record: SealedHistory, zone: ClinicZone) {
        let texts = version.snapshot?.texts
        id = record.id
        patientId = record.patientID
        self.version = version.version
        changedAt = zone.local(version.changedAt)
        changedBy = version.changedBy
        visitDate = version.snapshot?.visitDate
        symptoms = texts?.symptoms
        diagnosis = texts?.diagnosis
        treatment = texts?.treatment
        medicine = texts?.medicine
        doses = texts?.doses
        notes = texts?.notes
        prescription = texts?.prescription ?? []
        doctorId = record.doctorID
        doctorName = version.changedBy
        appointmentId = version.snapshot?.appointment
    }
}

/// What doctors write under `/api/medical-history`, and what entries said before.
struct HistoryWritingEndpoints: Sendable {
    let histories: HistoryWritingService
    let amendments: AmendmentService
    let responses: HistoryResponses

    private static let base = "/api/medical-history"

    var all: [Endpoint] {
        [
            writing("", "Write an entry into a patient's history"),
            writing("/with-doctor", "Write an entry into a patient's history, as its doctor"),
            .put(
                "\(Self.base)/{id}", "Correct an entry",
                "Doctors, their own, until it is final. What is absent stays; every version is kept.",
                access: .role(.doctor), fails: HistoryError.refusedChanges, [SchedulingError.doctorNotVerified],
                settings: .longTexts, use: update),
            .delete(
                "\(Self.base)/{id}", "Take an entry back",
                "Doctors, their own, until it is final or a colleague has added to it. It stays in the database and is shown no more.",
                access: .roles([.doctor, .admin]),
                fails: [HistoryError.notFound, .notAuthor, .final, .amended], [SchedulingError.doctorNotVerified],
                use: delete),
            .post(
                "\(Self.base)/{id}/amendments", "Add to an entry",
                "Verified doctors who treat the patient, also when the entry is final.", access: .role(.doctor),
                status: 201, fails: [HistoryError.notFound, .tooManyAmendments, .patientErased],
                [SchedulingError.doctorNotVerified], use: amend),
            .get(
                "\(Self.base)/{id}/versions", "Every version of an entry, the newest first",
                "Patients, their own; verified doctors who treat the patient.", access: .roles([.patient, .doctor]),
                fails: [HistoryError.notFound], [SchedulingError.doctorNotVerified], use: versions),
        ]
    }

    private func writing(_ path: String, _ summary: String) -> Endpoint {
        .post(
            Self.base + path, summary,
            "Verified doctors, for patients they treat. The answer shows the patient's allergies and medication.",
            access: .role(.doctor), fails: [HistoryError.patientErased], [SchedulingError.doctorNotVerified],
            settings: .longTexts, use: create)
    }

    @Sendable
    func create(_ request: EndpointRequest<NoParameters, CreateHistoryRequest>) async throws -> VersionedResponse<
        IdempotentResponse<HistoryResponse>
    > {
        let outcome = try await histories.create(
            try request.body.new(), by: try request.principal, origin: request.origin,
            once: try request.idempotency(responses.created))
        return responses.createdOnce(outcome)
    }

    func update(_ request: EndpointRequest<IDPath<HistoryTag>, UpdateHistoryRequest>) async throws
        -> VersionedResponse<HistoryResponse>
    {
        let metadata = request.metadata
        let written = try await histories.update(
            request.parameters.id, try request.body.change(), by: try request.principal, origin: request.origin
        ) { metadata.admitsChange(ofVersion: "\($0)") }
        return VersionedResponse(responses.updated(written), version: "\(written.entry.record.version)")
    }

    func delete(_ request: EndpointRequest<IDPath<HistoryTag>, NoBody>) async throws -> MessageResponse {
        try await histories.delete(request.parameters.id, by: try request.principal, origin: request.origin)
        return MessageResponse(message: "Medical history deleted successfully")
    }

    func amend(_ request: EndpointRequest<IDPath<HistoryTag>, AmendHistoryRequest>) async throws -> IdempotentResponse<
        AmendmentResponse
    > {
        let zone = responses.context.zone
        let answer: @Sendable (Amendment) -> AmendmentResponse = { AmendmentResponse($0, zone: zone) }
        let outcome = try await amendments.add(
            TextSort.trimmed(request.body.text), to: request.parameters.id, by: try request.principal,
            origin: request.origin, once: try request.idempotency(answer))
        return IdempotentResponse.from(outcome, answer)
    }

    func versions(_ request: EndpointRequest<IDPath<HistoryTag>, NoBody>) async throws -> [HistoryVersionResponse] {
        let found = try await amendments.versions(
            of: request.parameters.id, by: try request.principal, origin: request.origin)
        return found.versions.map { HistoryVersionResponse($0, of: found.record, zone: responses.context.zone) }
    }
}
