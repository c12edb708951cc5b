import CareSyncCore
package import Persistence
import Synchronization

/// Writes the audit log: append-only, in chains, each row carrying a keyed code over itself and the row before it
/// (rules/audit 4). A connection always writes to one chain, so connections never wait for each other.
///
/// On PostgreSQL the server holds a lock on the chain for the connection, so no other process writes to it and the head is
/// remembered. On SQLite another process may have extended the chain before this one became the writer, so the head is read
/// with each row.
package final class AuditLog: Sendable {
    package static let chainCount = 256
    /// The first of the two numbers of the server's locks on chains.
    private static let lockSpace: SQL = "7241906"

    /// The chain of a connection and where it stands.
    private final class Lease {
        let shard: Int
        /// As far as it is known; `nil` when it has to be read.
        var head: Head?

        init(shard: Int) {
            self.shard = shard
        }
    }

    private final class Holder {
        var lease: Lease?
    }

    private struct Head {
        var sequence: Int64 = 0
        var mac: [UInt8] = []
    }

    /// HMAC-SHA-256 under a key that is not in the database.
    private let authenticate: @Sendable ([UInt8]) -> [UInt8]
    private let firstShard: Int
    /// How many leases this process has looked for.
    private let leases = Atomic<Int>(0)

    /// - Parameter firstShard: where this process begins to look for free chains; best another one in each process.
    package init(firstShard: Int, authenticate: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.firstShard = firstShard
        self.authenticate = authenticate
    }

    /// Checks what was written under the same key.
    package func verifier(of database: any Database) -> AuditVerifier {
        AuditVerifier(database: database, authenticate: authenticate)
    }

    func append(_ entry: AuditEntry, _ db: any Connection) throws {
        let lease = try lease(db)
        let remembered = db.dialect == .postgres ? lease.head : nil
        let head = try remembered ?? readHead(of: lease.shard, db: db)
        let content = AuditContent(entry, at: db.now)
        let sequence = head.sequence + 1
        let mac = authenticate(AuditCode.bytes(content, shard: lease.shard, sequence: sequence, after: head.mac))
        try db.append(Self.row(content, shard: lease.shard, sequence: sequence, mac: mac))
        try AuditPatients(db: db).add(content, shard: lease.shard, sequence: sequence)
        lease.head = Head(sequence: sequence, mac: mac)
        db.scope.afterRollback { lease.head = nil }
    }

    /// The connection's chain; taken with its first row and given back by the server when the connection ends.
    private func lease(_ db: any Connection) throws -> Lease {
        let holder = db.scope.session.value(Holder.self) { Holder() }
        if let lease = holder.lease { return lease }
        let start = firstShard + leases.add(1, ordering: .relaxed).oldValue
        for offset in 0..<Self.chainCount {
            let shard = (start + offset) % Self.chainCount
            guard try Self.take(shard, db) else { continue }
            let lease = Lease(shard: shard)
            holder.lease = lease
            return lease
        }
        throw Problem.unavailable
    }

    /// The lock belongs to the session: undoing the transaction does not give it back.
    private static func take(_ shard: Int, _ db: any Connection) throws -> Bool {
        guard db.dialect == .postgres else { return true }
        return try db.value("SELECT pg_try_advisory_lock(\(lockSpace), CAST(\(shard) AS integer))") ?? false
    }

    private func readHead(of shard: Int, db: any Connection) throws -> Head {
        var head = Head()
        try db.query("SELECT sequence, mac FROM audit_log WHERE shard = \(shard) ORDER BY sequence DESC LIMIT 1") {
            head = Head(sequence: try $0.value("sequence"), mac: try $0.value("mac"))
        }
        return head
    }

    private static func row(_ content: AuditContent, shard: Int, sequence: Int64, mac: [UInt8]) -> AppendedRows {
        AppendedRows(
            into: "audit_log",
            """
            shard, sequence, at, actor_id, actor_role, action, entity, entity_id, patient_id, patients, outcome, reason,
            request_id, address, state_before, state_after, user_agent, mac
            """,
            values: """
                \(shard), \(sequence), \(content.at), \(content.actorID), \(content.actorRole), \(content.action),
                \(content.entity), \(content.entityID), \(content.patientID), \(content.patients), \(content.outcome),
                \(content.reason), \(content.requestID), \(content.address), \(content.before), \(content.after),
                \(content.userAgent), \(mac)
                """)
    }
}
