import AuditTrail
import CareSyncCore
import Persistence
import Scheduling
import WebAPI

/// What other features tell of a patient, as their own responses.
struct CompleteDataSources<Patient: WireValue, Document: WireValue>: Sendable {
    let patient: @Sendable (PatientID, any Connection) throws -> Patient?
    let labReports: @Sendable (_ patient: PatientID, _ reader: UserID, any Connection) throws -> [Document]
}

/// Everything a doctor needs of a patient at one look.
struct CompleteDataResponse<Patient: WireValue, Document: WireValue>: WireResponse, Documented, NamedResponse {
    let patient: Patient
    let medicalHistory: [HistoryResponse]
    let documents: [Document]
    let allergies: [Allergy]
    let medications: [Medication]

    static var notes: [String: FieldNote] {
        [
            "medicalHistory": "The latest visit first, cut at 500 entries.", "documents": "The lab reports.",
            "allergies": "What the patient does not tolerate.", "medications": "What the patient takes at present.",
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
        let lists: HealthLists
    }

    func find(_ patient: PatientID, by caller: Principal, origin: RequestOrigin) async throws -> Found {
        try await context.database.readAudited { [context, sources] db in
            let grounds = try context.access.require(caller, for: patient, db)
            guard let described = try sources.patient(patient, db) else { throw SchedulingError.patientNotFound }
            let records = try HistoryRepository(db: db).page(of: patient, .all, .whole).items
            let found = Found(
                patient: described,
                history: try HistoryOpening(context: context, db: db).open(records, of: patient),
                documents: try sources.labReports(patient, caller.userID, db),
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

    func find(_ request: EndpointRequest<PatientPath, NoBody>) async throws -> CompleteDataResponse<Patient, Document> {
        let found = try await service.find(
            request.parameters.patientId, by: try request.principal, origin: request.origin)
        return CompleteDataResponse(
            patient: found.patient, medicalHistory: found.history.map(responses.read), documents: found.documents,
            allergies: found.lists.allergies ?? [], medications: found.lists.medications ?? [])
    }
}
