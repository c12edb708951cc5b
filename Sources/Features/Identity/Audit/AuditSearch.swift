import CareSyncCore
import Persistence
import WebAPI

/// Which lines of the audit log are asked for; the filters combine.
struct AuditSearchParameters: Codable, Sendable, PagedParameters {
    /// The account that acted.
    var actor: UserID?
    var patient: PatientID?
    var action: AuditEntry.Action?
    /// A table or a route, as lines name it.
    var entity: String?
    /// From this moment on.
    var from: Instant?
    /// Before this moment.
    var to: Instant?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [
            .maxLength("entity", \.entity, 200)
        ] + Rule.paging
}

/// A line of the audit log with the name of the account that acted.
struct AuditLine: RowDecodable {
    let record: AuditRecord
    let username: String?

    init(row: Row) throws {
        record = try AuditRecord(row: row)
        username = try row.value("username")
    }
}

struct AuditSearchRepository {
    let db: any Connection

    /// The newest first.
    func page(_ search: AuditSearchParameters) throws -> Page<AuditLine> {
        let request = search.request
        let conditions = Self.conditions(search)
        let batch = Batch()
        let lines = batch.all(
            AuditLine.self,
            """
            SELECT \(AuditRecord.columns), u.username FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id\(conditions)
            ORDER BY a.at DESC, a.shard DESC, a.sequence DESC LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let total = request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM audit_log a\(conditions)") : nil
        try batch.run(db)
        return Page(fetched: try lines.value, request: request, total: try total?.value ?? nil)
    }

    private static func conditions(_ search: AuditSearchParameters) -> SQL {
        var parts: [SQL] = []
        if let actor = search.actor { parts.append("a.actor_id = \(actor)") }
        if let patient = search.patient { parts.append("a.patient_id = \(patient)") }
        if let action = search.action { parts.append("a.action = \(action.rawValue)") }
        if let entity = search.entity { parts.append("a.entity = \(entity)") }
        if let from = search.from { parts.append("a.at >= \(from)") }
        if let to = search.to { parts.append("a.at < \(to)") }
        return parts.isEmpty ? "" : " WHERE " + SQL.joined(parts, separator: " AND ")
    }
}
