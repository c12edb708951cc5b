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
    let actorRole: StoredWord<Role>?
    let action: StoredWord<AuditEntry.Action>
    let entity: String
    let entityId: String
    /// Whom the line is about, when it is one patient.
    let patientId: Int64?
    /// Everybody the line is about.
    let patientIds: [Int64]
    let outcome: StoredWord<AuditEntry.Outcome>
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
        actorRole = content.actorRole.map(StoredWord.init)
        action = StoredWord(content.action)
        entity = content.entity
        entityId = content.entityID
        patientId = content.patientID
        patientIds = content.patientIDs
        outcome = StoredWord(content.outcome)
        reason = content.reason
        before = content.before
        after = content.after
        requestId = content.requestID
        address = content.address
        userAgent = content.userAgent
    }
}

/// Lets administrators read the audit log; reading it is logged, too.
struct AuditSearchEndpoints: Sendable {
    let database: any Database

    var all: [Endpoint] {
        [
            .get(
                "/api/admin/audit", "The audit log, newest first",
                "Administrators. Who did what, when and to which row; reading it leaves a line, too.",
                access: .role(.admin), settings: .expensive, use: search)
        ]
    }

    func search(_ request: EndpointRequest<AuditSearchParameters, NoBody>) async throws -> PagedResponse<
        AuditLineResponse
    > {
        let (search, origin) = (request.parameters, request.origin)
        let page = try await database.readAudited { db in
            (
                try AuditSearchRepository(db: db).page(search),
                [AuditEntry(.adminAction, "audit_log", "", by: origin, patient: search.patient, reason: "READ")]
            )
        }
        return PagedResponse(page.map(AuditLineResponse.init))
    }
}
