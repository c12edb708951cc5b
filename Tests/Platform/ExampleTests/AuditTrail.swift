import CareSyncCore
import Cryptography

@testable import Persistence

/// Reads the audit log as an auditor does: every row's code follows from the row before, or the log was tampered with.
struct AuditTrail: RowDecodable {
    struct Broken: Error {}

    private let entry: AuditEntry
    private let shard: Int
    private let sequence: Int64
    private let at: Instant
    private let mac: [UInt8]

    init(row: Row) throws {
        guard let action = AuditEntry.Action(rawValue: try row.value("action")),
            let outcome = AuditEntry.Outcome(rawValue: try row.value("outcome"))
        else { throw Broken() }
        let actor: UserID? = try row.value("actor_id")
        let role: Role? = try row.value("actor_role")
        let principal = actor.map {
            Principal(userID: $0, username: "", role: role ?? .patient, sessionID: SessionID(1))
        }
        let origin = RequestOrigin(
            principal: principal, requestID: try row.value("request_id"), address: try row.value("address"))
        entry = AuditEntry(
            action, try row.value("entity"), try row.value("entity_id"), by: origin,
            patient: try row.value("patient_id"), outcome: outcome, reason: try row.value("reason"))
        shard = try row.value("shard")
        sequence = try row.value("sequence")
        at = try row.value("at")
        mac = try row.value("mac")
    }

    /// Patient, action and row of every line, once all chains are found whole.
    static func verified(_ database: any Database, by key: KeyedHash) async throws -> [String] {
        let rows: [AuditTrail] = try await database.read { db in
            try db.all(
                """
                SELECT shard, sequence, at, actor_id, actor_role, action, entity, entity_id, patient_id, outcome,
                       reason, request_id, address, mac
                FROM audit_log ORDER BY shard, sequence
                """)
        }
        for chain in Dictionary(grouping: rows, by: \.shard).values {
            var previous: [UInt8] = []
            for (index, row) in chain.enumerated() {
                let bytes = AuditCode.bytes(
                    row.entry, shard: row.shard, sequence: Int64(index + 1), at: row.at, after: previous)
                guard row.sequence == Int64(index + 1), key.isValid(row.mac, for: bytes) else { throw Broken() }
                previous = row.mac
            }
        }
        return rows.map { row in
            let entry = row.entry
            return "\(entry.patient?.description ?? "-") \(entry.action.rawValue) \(entry.entity)/\(entry.entityID)"
        }
    }
}
