import CareSyncCore
import Persistence

/// A running transaction, or a series of reads.
///
/// Statements wait in a queue until somebody needs an answer; `BEGIN` waits with them, and the last ones leave together
/// with `COMMIT`.
final class PostgresConnection: Connection {
    enum Mode { case read, write }

    let dialect = Dialect.postgres
    let scope: TransactionScope
    private let pipeline: PostgresPipeline
    private let mode: Mode
    private var queue: [SQL] = []
    private var queuedBytes = 0
    /// Some statement was answered, so the connection was good when the body began.
    private var wasAnswered = false
    private var sentCommit = false
    /// What spoilt the transaction; until a savepoint is restored, every statement fails with it.
    private var failure: DatabaseFailure?

    private static let begin: SQL = "BEGIN READ WRITE"
    private static let commit: SQL = "COMMIT"
    private static let rollback: SQL = "ROLLBACK"
    /// Waiting statements beyond these bounds leave early, so that memory stays bounded.
    private static let mostQueued = 512
    private static let mostQueuedBytes = 1 << 20

    init(_ pipeline: PostgresPipeline, scope: TransactionScope, mode: Mode) {
        self.pipeline = pipeline
        self.scope = scope
        self.mode = mode
        if mode == .write { queue.append(Self.begin) }
    }

    func query(_ sql: SQL, _ each: (Row) throws -> Void) throws {
        try answer(to: sql)?.eachRow(each)
    }

    @discardableResult
    func run(_ sql: SQL) throws -> Int {
        try answer(to: sql)?.count ?? 0
    }

    func run(_ statements: [SQL], _ each: (Int, Row) throws -> Void) throws -> [Int] {
        for sql in statements { try PostgresParameters.check(sql.parameters) }
        guard !statements.isEmpty else { return [] }
        let results = try send(statements).suffix(statements.count)
        for (index, result) in results.enumerated() {
            try result.eachRow { try each(index, $0) }
        }
        return results.map(\.count)
    }

    func later(_ sql: SQL) throws {
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        queue.append(sql)
        queuedBytes += sql.text.utf8.count
        for case .text(let text) in sql.parameters { queuedBytes += text.utf8.count }
        for case .bytes(let bytes) in sql.parameters { queuedBytes += bytes.count }
        if queue.count >= Self.mostQueued || queuedBytes >= Self.mostQueuedBytes { _ = try send([]) }
    }

    func nextID(_ allocator: IDAllocator) throws -> Int64 {
        var block = pipeline.ids[allocator] ?? 0..<0
        if block.isEmpty {
            let start: Int64? = try value("SELECT nextval(\(allocator.name))")
            guard let start else { throw DatabaseFailure.other(code: "no sequence value") }
            block = start..<(start + 32)
        }
        let id = block.lowerBound
        pipeline.ids[allocator] = (id + 1)..<block.upperBound
        return id
    }

    private func answer(to sql: SQL) throws -> PostgresRowSource? {
        try PostgresParameters.check(sql.parameters)
        if let savepoint = sql.restoredSavepoint {
            return try restore(savepoint, with: sql)
        }
        return try send([sql]).last
    }

    /// Sends what waits, then `statements`; the answers to all of it.
    private func send(_ statements: [SQL]) throws(DatabaseFailure) -> [PostgresRowSource] {
        if let failure { throw failure }
        let batch = queue + statements
        queue.removeAll(keepingCapacity: true)
        queuedBytes = 0
        guard !batch.isEmpty else { return [] }
        do {
            let results = try pipeline.exchange(batch, isBetweenTransactions: mode == .read || !wasAnswered)
            wasAnswered = true
            return results
        } catch {
            if !pipeline.isBroken { wasAnswered = true }
            if mode == .write { failure = error }
            throw error
        }
    }

    /// Undoes what followed a savepoint; what has not been sent is simply dropped.
    private func restore(_ savepoint: Substring, with sql: SQL) throws(DatabaseFailure) -> PostgresRowSource? {
        let earlier = failure
        failure = nil
        if earlier == nil {
            let start = queue.lastIndex { $0.text.hasPrefix("SAVEPOINT ") && $0.text.dropFirst(10) == savepoint }
            let kept = start.map { $0 + 1 } ?? queue.firstIndex { $0.text != Self.begin.text } ?? queue.count
            queue.removeSubrange(kept...)
        }
        do {
            return try send([sql]).last
        } catch {
            // The savepoint was never set, because what came before it had failed: that is the reason to report.
            if let earlier { failure = earlier }
            throw earlier ?? error
        }
    }
}

extension PostgresConnection {
    /// Sends what waits and makes it durable.
    func finish() throws(DatabaseFailure) {
        if let failure { throw failure }
        guard mode == .write else {
            _ = try send([])
            return
        }
        // Nothing but BEGIN waits and nothing was sent: there is no transaction.
        guard wasAnswered || queue.count > 1 else { return }
        sentCommit = true
        let answer: PostgresRowSource?
        do {
            answer = try send([Self.commit]).last
        } catch {
            throw pipeline.isBroken ? .connectionLost(outcomeUnknown: true) : error
        }
        // The server answers a commit of a spoilt transaction with a rollback.
        guard answer?.tag == "COMMIT" else { throw .other(code: "25P02") }
    }

    /// Undoes the transaction, as far as there is one.
    func abandon() {
        guard mode == .write, wasAnswered, !pipeline.isBroken else { return }
        do {
            _ = try pipeline.exchange([Self.rollback], isBetweenTransactions: false)
        } catch {
            pipeline.giveUp()
        }
    }

    /// After a lost connection: whether a repetition cannot do anything twice.
    var mayRunAgain: Bool {
        pipeline.isBroken && !sentCommit && (mode == .read || !wasAnswered)
    }
}

extension SQL {
    /// The name of the savepoint this statement goes back to.
    fileprivate var restoredSavepoint: Substring? {
        let command = "ROLLBACK TO SAVEPOINT "
        guard text.utf8.first == UInt8(ascii: "R"), text.hasPrefix(command) else { return nil }
        return text.dropFirst(command.count)
    }
}
