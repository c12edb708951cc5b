import AuditTrail
import CareSyncCore
import Persistence

/// A line of the audit log as the patient it concerns may see it: without addresses and request ids of others.
struct AccessLogLine: RowDecodable {
    let at: Instant
    let actorID: UserID?
    /// The role at that time.
    let actorRole: String?
    let action: String
    let entity: String
    let entityID: String
    let outcome: String
    let reason: String?
    let username: String?
    let firstName: String?
    let lastName: String?
    /// Of the grant the line is about, with its reason, which only this patient's key opens.
    let grant: BreakGlassID?
    let sealedReason: [UInt8]?

    init(row: Row) throws {
        at = try row.value("at")
        actorID = try row.value("actor_id")
        actorRole = try row.value("actor_role")
        action = try row.value("action")
        entity = try row.value("entity")
        entityID = try row.value("entity_id")
        outcome = try row.value("outcome")
        reason = try row.value("reason")
        username = try row.value("username")
        firstName = try row.value("first_name")
        lastName = try row.value("last_name")
        grant = try row.value("grant_id")
        sealedReason = try row.value("grant_reason")
    }

    /// A doctor's name, otherwise the name of the account; `SYSTEM` when no account acted.
    var actorName: String {
        if let firstName, let lastName { return firstName + " " + lastName }
        return username ?? "CareSync"
    }

    /// The reason given, or else the one that follows from who it was.
    func why(for patient: PatientID) -> String {
        if let reason { return reason }
        guard let actorID else { return "SYSTEM" }
        if actorID == UserID(patient) { return "OWN_DATA" }
        return actorRole == Role.doctor.rawValue ? "TREATMENT" : "ADMINISTRATION"
    }
}

struct AccessLogRepository {
    let db: any Connection

    /// The newest first.
    func page(of patient: PatientID, _ request: PageRequest) throws -> Page<AccessLogLine> {
        let batch = Batch()
        let lines = batch.all(
            AccessLogLine.self,
            """
            SELECT a.at, a.actor_id, a.actor_role, a.action, a.entity, a.entity_id, a.outcome, a.reason, u.username,
                   d.first_name, d.last_name, g.id AS grant_id, g.reason AS grant_reason
            FROM audit_patients p JOIN audit_log a ON a.shard = p.shard AND a.sequence = p.sequence
            LEFT JOIN users u ON u.id = a.actor_id LEFT JOIN doctors d ON d.id = a.actor_id
            LEFT JOIN break_glass_grants g ON g.patient_id = a.patient_id AND a.entity = 'break_glass_grants'
                AND CAST(g.id AS \(db.dialect.text)) = a.entity_id
            WHERE p.patient_id = \(patient)
            ORDER BY p.at DESC, p.shard DESC, p.sequence DESC LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let total =
            request.isPaged
            ? batch.value(Int.self, "SELECT count(*) FROM audit_patients WHERE patient_id = \(patient)") : nil
        try batch.run(db)
        return Page(fetched: try lines.value, request: request, total: try total?.value ?? nil)
    }
}
