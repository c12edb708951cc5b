import AuditTrail
import CareSyncCore
import Persistence
import WebAPI

/// A line of the audit log as administrators see it.
struct AuditLineResponse: WireResponse {
    /// Chain and place in it.
    let id: String
    let at: Instant
    let actorId: Int64?
    let actorUsername: String?
    /// The role at that time.
    let actorRole: String?
    let action: String
    let entity: String
    let entityId: String
    let patientId: Int64?
    let outcome: String
    let reason: String?
    let before: String?
    let after: String?
    let requestId: String
    let address: String
    let userAgent: String?

    init(_ line: AuditLine) {
        let content = line.record.content
        id = "\(line.record.shard)-\(line.record.sequence)"
        at = content.at
        actorId = content.actorID
        actorUsername = line.username
        actorRole = content.actorRole
        action = content.action
        entity = content.entity
        entityId = content.entityID
        patientId = content.patientID
        outcome = content.outcome
        reason = content.reason
        before = content.before
        after = content.after
        requestId = content.requestID
        address = content.address
        userAgent = content.userAgent
    }
}

/// Lets administrators read the audit log, which is in the log itself then.
struct AuditSearchEndpoints: Sendable {
    let database: any Database

    var all: [Endpoint] {
        [
            .get(
                "/api/admin/audit", "The audit log, the newest first",
                "Administrators. Who did what, when and to which row; reading it leaves a line, too.",
                access: .role(.admin), settings: .expensive, use: search)
        ]
    }

    func search(_ request: EndpointRequest<AuditSearchParameters, NoBody>) async throws -> PagedResponse<
        AuditLineResponse
    > {
        let (search, origin) = (request.parameters, request.origin)
        let page = try await database.write { db in
            db.audit(AuditEntry(.adminAction, "audit_log", "", by: origin, patient: search.patient, reason: "READ"))
            return try AuditSearchRepository(db: db).page(search)
        }
        return PagedResponse(page.map(AuditLineResponse.init))
    }
}
