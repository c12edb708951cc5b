import AuditTrail
import CareSyncCore
import Persistence
import WebAPI

/// Which audit rows to list; the filters can be combined.
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
        let sources = Self.sources(search)
        let batch = Batch()
        // From each source, only as much is read as the page can need.
        let newest = SQL.joined(
            sources.map { "SELECT * FROM (SELECT a.* \($0) \(Self.order) LIMIT \(request.offset + request.limit)) s" },
            separator: " UNION ALL ")
        let lines = batch.all(
            AuditLine.self,
            """
            SELECT \(AuditRecord.columns), u.username FROM (\(newest)) a LEFT JOIN users u ON u.id = a.actor_id
            \(Self.order) LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let all = SQL.joined(sources.map { "SELECT 1 \($0)" }, separator: " UNION ALL ")
        let total = request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM (\(all)) found") : nil
        try batch.run(db)
        return Page(fetched: try lines.value, request: request, total: try total?.value ?? nil)
    }

    private static let order: SQL = "ORDER BY a.at DESC, a.shard DESC, a.sequence DESC"

    /// The parts of the log to look in, without a line in common. What is asked for by patient is looked up there; of an
    /// actor, what they did with their own data by patient too, everything else by actor.
    private static func sources(_ search: AuditSearchParameters) -> [SQL] {
        let conditions = conditions(search)
        func source(_ log: SQL, _ way: [SQL]) -> SQL {
            let all = way + conditions
            return log + (all.isEmpty ? "" : " WHERE " + SQL.joined(all, separator: " AND "))
        }
        let log: SQL = "FROM audit_log a"
        let listed: SQL = "FROM audit_patients p JOIN audit_log a ON a.shard = p.shard AND a.sequence = p.sequence"
        if let patient = search.patient {
            let actor = search.actor.map { actor -> [SQL] in ["a.actor_id = \(actor)"] } ?? []
            return [source(listed, ["p.patient_id = \(patient)"] + actor)]
        }
        guard let actor = search.actor else { return [source(log, [])] }
        return [
            source(log, ["a.actor_id = \(actor)", "a.actor_id IS DISTINCT FROM a.patient_id"]),
            source(listed, ["p.patient_id = \(actor)", "a.patient_id = \(actor)", "a.actor_id = \(actor)"]),
        ]
    }

    private static func conditions(_ search: AuditSearchParameters) -> [SQL] {
        var parts: [SQL] = []
        if let action = search.action { parts.append("a.action = \(action.rawValue)") }
        if let entity = search.entity { parts.append("a.entity = \(entity)") }
        if let from = search.from { parts.append("a.at >= \(from)") }
        if let to = search.to { parts.append("a.at < \(to)") }
        return parts
    }
}
