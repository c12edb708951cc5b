import AuditTrail
import CareSyncCore
import Persistence
import WebAPI

struct AccessLogParameters: Codable, Sendable, PagedParameters {
    var id: PatientID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

/// What somebody was when they acted.
enum ActorRole: String, Codable, Sendable, CaseIterable {
    case patient = "PATIENT"
    case doctor = "DOCTOR"
    case admin = "ADMIN"
    case system = "SYSTEM"
}

/// Who did what with a patient's data, when, in what role and why.
struct AccessLogResponse: WireResponse {
    let at: Instant
    let actorId: UserID?
    let actorName: String
    /// `SYSTEM` for what no account did.
    let actorRole: StoredWord<ActorRole>
    let action: StoredWord<AuditEntry.Action>
    let entity: String
    let entityId: String
    let outcome: StoredWord<AuditEntry.Outcome>
    let reason: String
    /// The reason given by somebody who opened the data without treating the patient.
    let statement: String?

    init(_ line: AccessLogLine, statement: String?, of patient: PatientID) {
        at = line.at
        actorId = line.actorID
        actorName = line.actorName
        actorRole = StoredWord(line.actorRole ?? ActorRole.system.rawValue)
        action = StoredWord(line.action)
        entity = line.entity
        entityId = line.entityID
        outcome = StoredWord(line.outcome)
        reason = line.why(for: patient)
        self.statement = statement
    }
}

/// Lets patients see who looked at their data; this access is logged, too.
struct AccessLogEndpoints: Sendable {
    let database: any Database
    let vault: PatientVault

    var all: [Endpoint] {
        [
            .get(
                "/api/patients/{id}/access-log", "Who accessed my data, newest first",
                "Patients, their own. Every access to their data, refused ones too, with who, when and why.",
                access: .role(.patient), subject: .patient("id"), use: list)
        ]
    }

    func list(_ request: EndpointRequest<AccessLogParameters, NoBody>) async throws -> PagedResponse<AccessLogResponse>
    {
        let patient = try request.principal.requirePatient()
        guard request.parameters.id == patient else { throw Problem.accessDenied }
        let (request, origin) = (request.parameters.request, request.origin)
        let page = try await database.readAudited { db in
            let lines = try AccessLogRepository(db: db).page(of: patient, request)
            let page = try lines.map { line in
                AccessLogResponse(line, statement: try statement(of: line, patient, db), of: patient)
            }
            return (page, [AuditEntry(.readPHI, "audit_log", "", by: origin, patient: patient)])
        }
        return PagedResponse(page)
    }

    private func statement(of line: AccessLogLine, _ patient: PatientID, _ db: any Connection) throws -> String? {
        guard let grant = line.grant, let sealed = line.sealedReason else { return nil }
        return try vault.open(sealed, of: patient, at: BreakGlassGrant.reasonField(grant), db)
    }
}
