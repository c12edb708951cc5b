import AuditTrail
import CareSyncCore
import Persistence
import Scheduling
import WebAPI

/// What other features tell of a patient, as their own responses.
struct CompleteDataSources<Patient: WireValue, Document: WireValue>: Sendable {
    let patient: @Sendable (PatientID, any Connection) throws -> Patient?
    let labReports: @Sendable (_ patient: PatientID, _ reader: UserID, any Connection) throws -> Page<Document>
}

/// Everything a doctor needs of a patient at one look.
struct CompleteDataResponse<Patient: WireValue, Document: WireValue>: WireResponse, Documented, NamedResponse {
    let patient: Patient
    let medicalHistory: [HistoryResponse]
    let documents: [Document]
    let allergies: [Allergy]
    let allergiesRecordedAt: LocalDateTime?
    let medications: [Medication]
    let medicationsRecordedAt: LocalDateTime?

    static var notes: [String: FieldNote] {
        [
            "medicalHistory": "The latest visit first. Cut at 500 entries: then the answer has `X-Truncated: true`.",
            "documents": "The lab reports, cut in the same way.",
            "allergies": "What the patient does not tolerate.",
            "allergiesRecordedAt": "When somebody last said what there is; `null` when nobody has asked.",
            "medications": "What the patient takes at present.",
            "medicationsRecordedAt": "When somebody last said what is taken; `null` when nobody has asked.",
        ]
    }

    static var schemaName: String { "CompleteDataResponse" }
}

struct CompleteDataService<Patient: WireValue, Document: WireValue>: Sendable {
    let context: RecordsContext
    let sources: CompleteDataSources<Patient, Document>

    struct Found: Sendable {
        let patient: Patient
        let history: [HistoryEntry]
        let documents: [Document]
        /// Whether a list was cut.
        let isTruncated: Bool
        let lists: HealthLists
    }

    func find(_ patient: PatientID, by caller: Principal, origin: RequestOrigin) async throws -> Found {
        try await context.database.readAudited { [context, sources] db in
            let grounds = try context.access.require(caller, for: patient, db)
            guard let described = try sources.patient(patient, db) else { throw SchedulingError.patientNotFound }
            let records = try HistoryRepository(db: db).page(of: patient, .all, .whole)
            let documents = try sources.labReports(patient, caller.userID, db)
            let found = Found(
                patient: described,
                history: try HistoryOpening(context: context, db: db).open(records.items, of: patient),
                documents: documents.items, isTruncated: records.isTruncated || documents.isTruncated,
                lists: try HealthListOpening(context: context, db: db).lists(of: patient))
            let entry = AuditEntry(
                .readPHI, "complete_data", "", by: origin, patient: patient, reason: grounds.auditReason)
            return (found, [entry])
        }
    }
}

struct CompleteDataEndpoints<Patient: WireValue, Document: WireValue>: Sendable {
    let service: CompleteDataService<Patient, Document>
    let responses: HistoryResponses

    var all: [Endpoint] {
        [
            .get(
                "/api/patients/{patientId}/complete-data", "Everything about a patient at one look",
                "Verified doctors who treat the patient.", access: .role(.doctor), subject: .patient("patientId"),
                fails: [SchedulingError.doctorNotVerified, .patientNotFound], use: find)
        ]
    }

    func find(_ request: EndpointRequest<PatientPath, NoBody>) async throws
        -> CutResponse<CompleteDataResponse<Patient, Document>>
    {
        let found = try await service.find(
            request.parameters.patientId, by: try request.principal, origin: request.origin)
        let zone = responses.context.zone
        return CutResponse(
            CompleteDataResponse(
                patient: found.patient, medicalHistory: found.history.map(responses.read), documents: found.documents,
                allergies: found.lists.allergies.items ?? [],
                allergiesRecordedAt: found.lists.allergies.recordedAt.map { zone.local($0) },
                medications: found.lists.medications.items ?? [],
                medicationsRecordedAt: found.lists.medications.recordedAt.map { zone.local($0) }),
            isTruncated: found.isTruncated)
    }
}
