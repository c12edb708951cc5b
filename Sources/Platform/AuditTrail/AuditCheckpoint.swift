package import Persistence

/// Where a chain of the audit log stood at a moment; kept outside the database, it shows that a chain was cut
/// (rules/audit 4).
package struct AuditCheckpoint: RowDecodable, Equatable {
    package let shard: Int
    package let sequence: Int64
    /// The code of the row with that sequence.
    package let head: [UInt8]

    package init(shard: Int, sequence: Int64, head: [UInt8]) {
        self.shard = shard
        self.sequence = sequence
        self.head = head
    }

    package init(row: Row) throws {
        shard = try row.value("shard")
        sequence = try row.value("sequence")
        head = try row.value("mac")
    }

    /// Where every chain stands. It costs two look-ups in the primary key per chain, however long the chains are.
    package static func heads(_ db: any Connection) throws -> [AuditCheckpoint] {
        try db.all(
            """
            WITH RECURSIVE \(shards)
            SELECT a.shard, a.sequence, a.mac FROM shards s
            JOIN audit_log a ON a.shard = s.shard
                AND a.sequence = (SELECT max(b.sequence) FROM audit_log b WHERE b.shard = s.shard)
            ORDER BY a.shard
            """)
    }

    /// The numbers of all chains, also of such as the program never writes.
    static func shards(_ db: any Connection) throws -> [Int] {
        try db.values("WITH RECURSIVE \(shards) SELECT shard FROM shards WHERE shard IS NOT NULL ORDER BY shard")
    }

    /// Hops from chain to chain through the primary key instead of reading every row.
    static let shards: SQL = """
        shards (shard) AS (
            SELECT min(shard) FROM audit_log
            UNION ALL
            SELECT (SELECT min(n.shard) FROM audit_log n WHERE n.shard > shards.shard) FROM shards
            WHERE shards.shard IS NOT NULL)
        """
}

/// Checkpoints by chain. Sixteen bytes are kept of each: a year of one chain, a checkpoint a minute, takes 8 MB.
package struct AuditCheckpointSet: Sendable {
    struct Mark: Sendable {
        let sequence: Int64
        /// The first eight bytes of the head, which nobody can hit without the key.
        let head: UInt64

        init(sequence: Int64, head: [UInt8]) {
            self.sequence = sequence
            self.head = head.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private var marks: [Int: [Mark]] = [:]
    package private(set) var count = 0

    package init() {}

    /// In any order.
    package mutating func insert(_ checkpoint: AuditCheckpoint) {
        count += 1
        marks[checkpoint.shard, default: []].append(Mark(sequence: checkpoint.sequence, head: checkpoint.head))
    }

    var shards: Set<Int> { Set(marks.keys) }

    func marks(of shard: Int) -> [Mark] {
        (marks[shard] ?? []).sorted { $0.sequence < $1.sequence }
    }
}
