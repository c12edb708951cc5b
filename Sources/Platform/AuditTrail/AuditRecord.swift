package import CareSyncCore
package import Persistence

/// What an audit row says. Its texts are not interpreted: a row that was tampered with need not make sense.
package struct AuditContent: Sendable, Equatable {
    package let at: Instant
    package let actorID: Int64?
    package let actorRole: String?
    package let action: String
    package let entity: String
    package let entityID: String
    /// Whom the row is about, when it is one patient.
    package let patientID: Int64?
    /// Whom it is about when they are several: a JSON list of ids, ascending.
    package let patients: String?
    package let outcome: String
    package let reason: String?
    package let requestID: String
    package let address: String
    package let before: String?
    package let after: String?
    package let userAgent: String?

    init(_ entry: AuditEntry, at now: Instant) {
        at = now
        actorID = entry.origin.principal?.userID.rawValue
        actorRole = entry.origin.principal?.role.rawValue
        action = entry.action.rawValue
        entity = entry.entity
        entityID = entry.entityID
        let ids = entry.patients.map(\.rawValue)
        patientID = ids.count == 1 ? ids[0] : nil
        patients = ids.count > 1 ? "[" + ids.map(String.init).joined(separator: ",") + "]" : nil
        outcome = entry.outcome.rawValue
        reason = entry.reason
        requestID = entry.origin.requestID
        address = entry.origin.address
        before = entry.before
        after = entry.after
        userAgent = entry.origin.keptUserAgent
    }

    init(row: Row) throws {
        at = try row.value("at")
        actorID = try row.value("actor_id")
        actorRole = try row.value("actor_role")
        action = try row.value("action")
        entity = try row.value("entity")
        entityID = try row.value("entity_id")
        patientID = try row.value("patient_id")
        patients = try row.value("patients")
        outcome = try row.value("outcome")
        reason = try row.value("reason")
        requestID = try row.value("request_id")
        address = try row.value("address")
        before = try row.value("state_before")
        after = try row.value("state_after")
        userAgent = try row.value("user_agent")
    }

    /// Everybody the row is about.
    package var patientIDs: [Int64] {
        if let patientID { return [patientID] }
        return (patients ?? "").split { !$0.isNumber }.compactMap { Int64($0) }
    }

    /// Whether the program can have written it: the code takes an absent id and 0 for the same, and ids begin at 1.
    var isPossible: Bool { actorID != 0 && patientID != 0 }
}

/// A row of the audit log.
package struct AuditRecord: RowDecodable, Equatable {
    package let shard: Int
    package let sequence: Int64
    package let content: AuditContent
    let mac: [UInt8]

    /// In the order in which `init(row:)` reads them; of `audit_log` as `a`.
    package static let columns: SQL = """
        a.shard, a.sequence, a.at, a.actor_id, a.actor_role, a.action, a.entity, a.entity_id, a.patient_id, a.patients,
        a.outcome, a.reason, a.request_id, a.address, a.state_before, a.state_after, a.user_agent,
        a.mac
        """

    package init(row: Row) throws {
        shard = try row.value("shard")
        sequence = try row.value("sequence")
        content = try AuditContent(row: row)
        mac = try row.value("mac")
    }
}

/// The bytes an audit row's code is computed over: every field with its length in front, so that no two rows share them.
enum AuditCode {
    static func bytes(_ content: AuditContent, shard: Int, sequence: Int64, after previous: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        func field(_ value: (some Collection<UInt8>)?) {
            guard let value else { return bytes.append(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF]) }
            withUnsafeBytes(of: UInt32(value.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: value)
        }
        func number(_ value: Int64) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        field(previous)
        number(Int64(shard))
        number(sequence)
        number(content.at.microseconds)
        number(content.actorID ?? 0)
        field(content.actorRole?.utf8)
        field(content.action.utf8)
        field(content.entity.utf8)
        field(content.entityID.utf8)
        number(content.patientID ?? 0)
        field(content.patients?.utf8)
        field(content.outcome.utf8)
        field(content.reason?.utf8)
        field(content.requestID.utf8)
        field(content.address.utf8)
        field(content.before?.utf8)
        field(content.after?.utf8)
        field(content.userAgent?.utf8)
        return bytes
    }
}
