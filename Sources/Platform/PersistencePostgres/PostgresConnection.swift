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
    private var queue: [Queued] = []
    private var queuedBytes = 0
    /// Where in the queue further effects are put.
    private var fusing: Int?
    /// Some statement was answered, so the connection was good when the body began.
    private var wasAnswered = false
    private var sentCommit = false
    /// Called before the first statement leaves: what waits for company on this connection goes first.
    var beforeFirstExchange: (() -> Void)?
    /// What spoilt the transaction; until a savepoint is restored, every statement fails with it.
    private var failure: DatabaseFailure?

    /// A statement that waits for company, and who gets its answer.
    private struct Queued {
        let sql: SQL
        var deliver: ((PostgresRowSource) throws -> Void)?
        /// Run as one with the statement.
        var effects: [SQL] = []
        var mustChange = false

        /// What is sent.
        var fused: SQL { PostgresFusion.statement(sql, mustChange: mustChange, effects: effects) }
    }

    private static let begin: SQL = "BEGIN READ WRITE"
    private static let commit: SQL = "COMMIT"
    /// Waiting statements beyond these bounds leave early, so that memory stays bounded.
    private static let mostQueued = 512
    private static let mostQueuedBytes = 1 << 20

    init(_ pipeline: PostgresPipeline, scope: TransactionScope, mode: Mode) {
        self.pipeline = pipeline
        self.scope = scope
        self.mode = mode
        if mode == .write { queue.append(Queued(sql: Self.begin)) }
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
        let results = try send(statements)
        for (index, result) in results.enumerated() {
            try result.eachRow { try each(index, $0) }
        }
        return results.map(\.count)
    }

    func later(_ sql: SQL, _ each: @escaping (Row) throws -> Void, done: @escaping (Int) -> Void) throws {
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        queue.append(
            Queued(sql: sql) { answer in
                try answer.eachRow(each)
                done(answer.count)
            })
        // An effect inside a savepoint must not join a statement outside of it, nor the other way round.
        if sql.isSavepoint { fusing = nil }
        try keepBounds(sql)
    }

    func requireChange(_ sql: SQL) throws {
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        fusing = queue.count
        queue.append(Queued(sql: sql, mustChange: true))
        try keepBounds(sql)
    }

    func effect(_ sql: SQL) throws {
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        if let fusing, queue[fusing].effects.count < PostgresFusion.mostEffects {
            queue[fusing].effects.append(sql)
        } else {
            fusing = queue.count
            queue.append(Queued(sql: sql))
        }
        try keepBounds(sql)
    }

    /// Sends what waits when it is a lot.
    private func keepBounds(_ sql: SQL) throws {
        queuedBytes += sql.text.utf8.count
        for case .text(let text) in sql.parameters { queuedBytes += text.utf8.count }
        for case .bytes(let bytes) in sql.parameters { queuedBytes += bytes.count }
        if queue.count >= Self.mostQueued || queuedBytes >= Self.mostQueuedBytes { _ = try send([]) }
    }

    func flush() throws {
        _ = try send([])
    }

    func require(_ sql: SQL) throws {
        try later("SELECT 1 / count(*) FROM (\(sql)) AS required")
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

    /// Sends what waits, then `statements`; the answers to the latter. Those to what waited go to who asked for them.
    private func send(_ statements: [SQL]) throws -> ArraySlice<PostgresRowSource> {
        if let failure { throw failure }
        let waiting = queue
        queue.removeAll(keepingCapacity: true)
        queuedBytes = 0
        fusing = nil
        guard !waiting.isEmpty || !statements.isEmpty else { return [] }
        let results = try exchange(waiting.map(\.fused) + statements)
        for (queued, answer) in zip(waiting, results) { try queued.deliver?(answer) }
        return results.dropFirst(waiting.count)
    }

    private func exchange(_ batch: [SQL]) throws(DatabaseFailure) -> [PostgresRowSource] {
        beforeFirstExchange?()
        beforeFirstExchange = nil
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
    private func restore(_ savepoint: Substring, with sql: SQL) throws -> PostgresRowSource? {
        let earlier = failure
        failure = nil
        fusing = nil
        if earlier == nil {
            let start = queue.lastIndex { $0.sql.text == "SAVEPOINT \(savepoint)" }
            let kept = start.map { $0 + 1 } ?? queue.firstIndex { $0.sql.text != Self.begin.text } ?? queue.count
            queue.removeSubrange(kept...)
        }
        do {
            return try send([sql]).last
        } catch {
            // The savepoint was never set, because what came before it had failed: that is the reason to report.
            guard let earlier else { throw error }
            failure = earlier
            throw earlier
        }
    }
}

extension PostgresConnection {
    /// Sends what waits and makes it durable.
    func finish() throws {
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
            throw pipeline.isBroken ? DatabaseFailure.connectionLost(outcomeUnknown: true) : error
        }
        // The server answers a commit of a spoilt transaction with a rollback.
        guard answer?.tag == Self.commit.text else { throw DatabaseFailure.other(code: "25P02") }
    }

    /// The whole transaction, to be sent together with others; `nil` when some of it has left already, or when there is
    /// nothing to send.
    func takeTransaction() -> [SQL]? {
        guard !wasAnswered, failure == nil, queue.count > 1 else { return nil }
        sentCommit = true
        return queue.map(\.fused) + [Self.commit]
    }

    /// Hands out the answers to what ``takeTransaction()`` gave.
    func deliver(_ answers: ArraySlice<PostgresRowSource>) throws {
        // The server answers a commit of a spoilt transaction with a rollback.
        guard answers.last?.tag == Self.commit.text else { throw DatabaseFailure.other(code: "25P02") }
        for (queued, answer) in zip(queue, answers) { try queued.deliver?(answer) }
    }

    /// Undoes the transaction, as far as there is one.
    func abandon() {
        guard mode == .write, wasAnswered, !pipeline.isBroken else { return }
        pipeline.rollBack()
    }

    /// After a lost connection: whether a repetition cannot do anything twice.
    var mayRunAgain: Bool {
        pipeline.isBroken && !sentCommit && (mode == .read || !wasAnswered)
    }
}

extension SQL {
    /// Whether the statement begins or ends a part of a transaction.
    fileprivate var isSavepoint: Bool { text.hasPrefix("SAVEPOINT ") || text.hasPrefix("RELEASE ") }

    /// The name of the savepoint this statement goes back to.
    fileprivate var restoredSavepoint: Substring? {
        let command = "ROLLBACK TO SAVEPOINT "
        guard text.utf8.first == UInt8(ascii: "R"), text.hasPrefix(command) else { return nil }
        return text.dropFirst(command.count)
    }
}
