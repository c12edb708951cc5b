import CareSyncCore
import Synchronization

/// Writes the audit log: append-only, in shards, each row carrying a keyed code over itself and the row before it
/// (RULINGS C10). A worker always writes to one shard, so workers never wait for each other.
///
/// The head of each shard is cached. The cache may be stale, because other processes write too: then the primary key
/// (shard, sequence) refuses the row, the driver repeats the transaction, and the head is read anew.
package final class AuditLog: Sendable {
    /// The primary key whose violation means that a cached head was stale.
    static let chainConstraint = "audit_log_chain"
    package static let shardCount = 256

    private struct Head {
        var sequence: Int64
        var mac: [UInt8]
    }

    /// HMAC-SHA-256 under a key that is not in the database.
    private let authenticate: @Sendable ([UInt8]) -> [UInt8]
    private let firstShard: Int
    private let heads = Mutex<[Int: Head]>([:])
    /// Whether rows were added since ``takeNews()``.
    private let hasNews = Atomic(true)

    /// `firstShard` differs from process to process, so that processes rarely meet in a shard.
    package init(firstShard: Int, authenticate: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.firstShard = firstShard
        self.authenticate = authenticate
    }

    /// Checks what was written under the same key.
    package func verifier(of database: any Database) -> AuditVerifier {
        AuditVerifier(database: database, authenticate: authenticate)
    }

    func append(_ entries: [AuditEntry], workerIndex: Int, db: any Connection) throws {
        let shard = (firstShard + workerIndex) % Self.shardCount
        var head = try heads.withLock { $0[shard] } ?? readHead(of: shard, db: db)
        let now = db.scope.services.time.now
        for entry in entries {
            let sequence = head.sequence + 1
            let content = AuditContent(entry, at: now)
            let mac = authenticate(AuditCode.bytes(content, shard: shard, sequence: sequence, after: head.mac))
            try db.effect(Self.insert(content, shard: shard, sequence: sequence, mac: mac))
            head = Head(sequence: sequence, mac: mac)
        }
        heads.withLock { $0[shard] = head }
        hasNews.store(true, ordering: .relaxed)
    }

    /// Whether this process may have added rows since this was asked last, or has just begun.
    func takeNews() -> Bool { hasNews.exchange(false, ordering: .relaxed) }

    /// Drops the cached head of a worker whose transaction was undone.
    func forget(workerIndex: Int) {
        heads.withLock { $0[(firstShard + workerIndex) % Self.shardCount] = nil }
    }

    private func readHead(of shard: Int, db: any Connection) throws -> Head {
        var head = Head(sequence: 0, mac: [])
        try db.query("SELECT sequence, mac FROM audit_log WHERE shard = \(shard) ORDER BY sequence DESC LIMIT 1") {
            head = Head(sequence: try $0.value("sequence"), mac: try $0.value("mac"))
        }
        return head
    }

    private static func insert(_ content: AuditContent, shard: Int, sequence: Int64, mac: [UInt8]) -> SQL {
        """
        INSERT INTO audit_log (shard, sequence, at, actor_id, actor_role, action, entity, entity_id, patient_id, outcome,
                               reason, request_id, address, state_before, state_after, user_agent, mac)
        VALUES (\(shard), \(sequence), \(content.at), \(content.actorID), \(content.actorRole), \(content.action),
                \(content.entity), \(content.entityID), \(content.patientID), \(content.outcome), \(content.reason),
                \(content.requestID), \(content.address), \(content.before), \(content.after),
                \(content.userAgent), \(mac))
        """
    }
}
