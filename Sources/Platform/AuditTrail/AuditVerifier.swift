import Persistence
import Synchronization

/// Reads the whole audit log and names the first row of it that is not what the program wrote.
///
/// Rows stream by in their order: memory does not grow with the log, and the server may go on writing meanwhile.
package struct AuditVerifier: Sendable {
    package struct Report: Sendable, Equatable {
        package let rows: Int64
        package let shards: Int
        /// In the chain with the lowest number that has one; when all are whole, the first row that is not listed by
        /// patient.
        package let defect: AuditDefect?
    }

    private static let rowsPerRead = 4096
    /// Chains read at a time; more than processors help nobody.
    private static let width = 4

    private let database: any Database
    private let authenticate: @Sendable ([UInt8]) -> [UInt8]

    init(database: any Database, authenticate: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.database = database
        self.authenticate = authenticate
    }

    /// - Parameter progress: gets the number of rows read so far, after every few thousand.
    package func run(
        checkpoints: AuditCheckpointSet = AuditCheckpointSet(), progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> Report {
        let found = try await database.read { db in try AuditCheckpoint.shards(db) }
        let shards = Set(found).union(checkpoints.shards).sorted()
        let rows = RowCount()
        let defects = try await withThrowingTaskGroup(of: AuditDefect?.self) { group in
            var defects: [AuditDefect] = []
            for (index, shard) in shards.enumerated() {
                if index >= Self.width, let defect = try await group.next() ?? nil { defects.append(defect) }
                group.addTask {
                    try await verify(AuditChain(shard: shard, marks: checkpoints.marks(of: shard))) { count in
                        progress(rows.add(count))
                    }
                }
            }
            for try await defect in group { if let defect { defects.append(defect) } }
            return defects
        }
        // A row that is not listed matters less than one that is not as it was written.
        let first = defects.min {
            ($0.kind == .unlisted ? 1 : 0, $0.shard, $0.sequence) < (
                $1.kind == .unlisted ? 1 : 0, $1.shard, $1.sequence
            )
        }
        return Report(rows: rows.total, shards: found.count, defect: first)
    }

    private func verify(_ chain: AuditChain, progress: @Sendable (Int) -> Void) async throws -> AuditDefect? {
        var chain = chain
        let shard = chain.shard
        var place = Int64.min
        var unlisted: Int64?
        while chain.isWhole {
            let (read, next) = try await rows(of: shard, after: place, into: chain) { [authenticate] in
                $0.take($1, authenticate)
            }
            chain = read
            guard let next else { break }
            progress(next.count)
            if chain.isWhole && unlisted == nil {
                let start = place
                unlisted = try await database.read { db in
                    try AuditPatients(db: db).firstUnlisted(in: shard, after: start, through: next.last)
                }
            }
            place = next.last
        }
        guard let suspect = chain.suspect else {
            return chain.defectAtEnd ?? unlisted.map { AuditDefect(shard: shard, sequence: $0, .unlisted) }
        }
        return try await diagnose(suspect, previous: chain.head)
    }

    private func diagnose(_ suspect: AuditRecord, previous: [UInt8]) async throws -> AuditDefect {
        var diagnosis = AuditDiagnosis(suspect: suspect, previous: previous, authenticate: authenticate)
        var place = suspect.sequence
        while true {
            let (read, next) = try await rows(of: suspect.shard, after: place, into: diagnosis) { $0.take($1) }
            diagnosis = read
            guard let next else { break }
            place = next.last
        }
        return AuditDefect(shard: suspect.shard, sequence: suspect.sequence, diagnosis.kind)
    }

    /// Hands some rows of a chain to `state`; how many there were and which was the last, or `nil` at the end.
    private func rows<State: Sendable>(
        of shard: Int, after place: Int64, into state: State,
        _ take: @escaping @Sendable (inout State, AuditRecord) -> Void
    ) async throws -> (State, (count: Int, last: Int64)?) {
        try await database.read { db in
            var state = state
            var last = place
            var count = 0
            try db.query(
                """
                SELECT \(AuditRecord.columns) FROM audit_log a WHERE a.shard = \(shard) AND a.sequence > \(place)
                ORDER BY a.sequence LIMIT \(Self.rowsPerRead)
                """
            ) { row in
                let record = try AuditRecord(row: row)
                take(&state, record)
                last = record.sequence
                count += 1
            }
            return (state, count == 0 ? nil : (count: count, last: last))
        }
    }
}

/// Rows of all chains together.
private final class RowCount: Sendable {
    private let rows = Atomic<Int64>(0)

    var total: Int64 { rows.load(ordering: .relaxed) }

    func add(_ count: Int) -> Int64 { rows.add(Int64(count), ordering: .relaxed).newValue }
}

/// How far a chain has been verified.
struct AuditChain: Sendable {
    let shard: Int
    /// The code of the last row that follows from those before it.
    private(set) var head: [UInt8] = []
    /// The first row that does not.
    private(set) var suspect: AuditRecord?
    private var sequence: Int64 = 0
    private var defect: AuditDefect?
    private var marks: ArraySlice<AuditCheckpointSet.Mark>

    init(shard: Int, marks: [AuditCheckpointSet.Mark]) {
        self.shard = shard
        self.marks = marks[...]
    }

    var isWhole: Bool { suspect == nil && defect == nil }

    /// After the last row: a checkpoint that lies behind it shows that rows are gone.
    var defectAtEnd: AuditDefect? {
        defect ?? (marks.isEmpty ? nil : AuditDefect(shard: shard, sequence: sequence + 1, .truncated))
    }

    mutating func take(_ row: AuditRecord, _ authenticate: ([UInt8]) -> [UInt8]) {
        guard isWhole else { return }
        let expected = sequence + 1
        guard row.sequence <= expected else {
            defect = AuditDefect(shard: shard, sequence: expected, .missing)
            return
        }
        guard row.sequence == expected else {
            defect = AuditDefect(shard: shard, sequence: row.sequence, .inserted)
            return
        }
        let bytes = AuditCode.bytes(row.content, shard: shard, sequence: expected, after: head)
        guard row.content.isPossible, authenticate(bytes) == row.mac else {
            suspect = row
            return
        }
        sequence = expected
        head = row.mac
        check(AuditCheckpointSet.Mark(sequence: expected, head: head))
    }

    private mutating func check(_ reached: AuditCheckpointSet.Mark) {
        while let mark = marks.first, mark.sequence <= reached.sequence {
            marks.removeFirst()
            guard mark.sequence == reached.sequence, mark.head != reached.head else { continue }
            defect = AuditDefect(shard: shard, sequence: reached.sequence, .truncated)
            return
        }
    }
}
