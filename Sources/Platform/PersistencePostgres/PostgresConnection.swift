import CareSyncCore
import Persistence

/// A running transaction, or a series of reads.
///
/// `BEGIN`, savepoints and rows that are only left behind wait until an answer is needed, or for the commit, and leave
/// together with it.
final class PostgresConnection: PipelinedTransaction {
    enum Mode { case read, write }

    let dialect = Dialect.postgres
    let scope: TransactionScope
    private let pipeline: PostgresPipeline
    private let mode: Mode
    private var queue: [Queued] = []
    private var queuedBytes = 0
    /// The last of what waits; it takes rows until something follows it.
    private var condition: PostgresCondition?
    /// Whether rows of the taken transaction are written only if its change happens.
    private(set) var hasConditionalRows = false
    /// Something that may have written has been queued or sent.
    private var hasWritten = false
    /// Some statement was answered, so the connection was good when the body began.
    private var wasAnswered = false
    private var sentCommit = false
    private var isOver = false
    /// What went wrong with answers that came with the commit.
    private var readFailure: (any Error)?
    /// Called before the first statement leaves: what waits for company on this connection goes first.
    var beforeFirstExchange: (() -> Void)?
    /// What spoilt the transaction; until a savepoint is restored, every statement fails with it.
    private var failure: DatabaseFailure?

    /// A statement that waits for company, and who gets its answer.
    private struct Queued {
        let sql: SQL
        var deliver: ((PostgresRowSource) throws -> Void)?
        var savepoint: String?
        /// Unless it gives a row, nothing has happened.
        var isCondition = false
    }

    /// What ``takeTransaction()`` gave away.
    private var taken: [Queued] = []

    private static let commit: SQL = "COMMIT"
    /// Waiting statements beyond these bounds leave early, so that memory stays bounded.
    private static let mostQueued = 512
    private static let mostQueuedBytes = 1 << 20

    init(_ pipeline: PostgresPipeline, scope: TransactionScope, mode: Mode) {
        self.pipeline = pipeline
        self.scope = scope
        self.mode = mode
        pipeline.hasTimeLimit = true
        if mode == .write { queue.append(Queued(sql: PostgresPipeline.begin)) }
    }

    // MARK: Statements

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
        hasWritten = true
        let results = try send(statements)
        for (index, result) in results.enumerated() {
            try result.eachRow { try each(index, $0) }
        }
        return results.map(\.count)
    }

    func append(_ rows: AppendedRows) throws {
        let sql = rows.statement
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        if condition?.add(rows) == true {
            try keepBounds(sql)
        } else {
            hasWritten = true
            try add(Queued(sql: sql))
        }
    }

    func later(_ batch: Batch) throws {
        for (index, sql) in batch.statements.enumerated() {
            try add(
                Queued(sql: sql) { answer in
                    try batch.take(index, count: answer.count) { try answer.eachRow($0) }
                })
        }
    }

    func requireChange(_ sql: SQL) throws {
        try PostgresParameters.check(sql.parameters)
        if let failure { throw failure }
        if condition != nil { _ = try send([]) }
        condition = PostgresCondition(sql)
    }

    func nextID(_ allocator: IDAllocator) throws -> Int64 {
        var block = pipeline.ids[allocator] ?? 0..<0
        if block.isEmpty {
            var start: Int64?
            try send(["SELECT nextval(\(allocator.name))"]).last?.eachRow { start = try $0.value(at: 0) }
            guard let start else { throw DatabaseFailure.other(code: "no sequence value") }
            block = start..<(start + 32)
        }
        let id = block.lowerBound
        pipeline.ids[allocator] = (id + 1)..<block.upperBound
        return id
    }

    func liftTimeLimit() throws {
        pipeline.hasTimeLimit = false
        try run("SET LOCAL statement_timeout = 0")
    }

    func perform(_ step: SavepointStep) throws {
        switch step {
        case .set(let name): try add(Queued(sql: "SAVEPOINT \(name)", savepoint: name.text))
        case .release(let name): try add(Queued(sql: "RELEASE SAVEPOINT \(name)"))
        case .rollBack(let name): try rollBack(to: name)
        }
    }

    // MARK: Sending

    private func answer(to sql: SQL) throws -> PostgresRowSource? {
        try PostgresParameters.check(sql.parameters)
        hasWritten = true
        return try send([sql]).last
    }

    /// Puts a statement behind what waits. It must not join a change that may not happen, so that one is settled first.
    private func add(_ queued: Queued) throws {
        try PostgresParameters.check(queued.sql.parameters)
        if let failure { throw failure }
        if condition != nil { _ = try send([]) }
        queue.append(queued)
        try keepBounds(queued.sql)
    }

    /// Sends what waits when it is a lot.
    private func keepBounds(_ sql: SQL) throws {
        queuedBytes += sql.text.utf8.count
        for case .text(let text) in sql.parameters { queuedBytes += text.utf8.count }
        for case .bytes(let bytes) in sql.parameters { queuedBytes += bytes.count }
        if queue.count >= Self.mostQueued || queuedBytes >= Self.mostQueuedBytes { _ = try send([]) }
    }

    /// Sends what waits, then `statements`; the answers to the latter. Those to what waited go to who asked for them.
    private func send(_ statements: [SQL]) throws -> ArraySlice<PostgresRowSource> {
        if let failure { throw failure }
        // What follows a change that may not happen is sent once the change is known to have happened.
        if condition != nil, !statements.isEmpty { _ = try send([]) }
        let waiting = takeWaiting()
        guard !waiting.isEmpty || !statements.isEmpty else { return [] }
        let results = try exchange(waiting.map(\.sql) + statements)
        guard hasHappened(waiting, results) else {
            failure = .unmetRequirement
            throw DatabaseFailure.unmetRequirement
        }
        for (queued, answer) in zip(waiting, results) { try queued.deliver?(answer) }
        return results.dropFirst(waiting.count)
    }

    private func takeWaiting() -> [Queued] {
        var waiting = queue
        if let condition { waiting.append(Queued(sql: condition.statement, isCondition: true)) }
        queue.removeAll(keepingCapacity: true)
        queuedBytes = 0
        condition = nil
        return waiting
    }

    /// Whether what the rest depends on has happened.
    private func hasHappened(_ waiting: [Queued], _ answers: [PostgresRowSource]) -> Bool {
        zip(waiting, answers).allSatisfy { queued, answer in !queued.isCondition || answer.hasRows }
    }

    private func exchange(_ batch: [SQL]) throws(DatabaseFailure) -> [PostgresRowSource] {
        beforeFirstExchange?()
        beforeFirstExchange = nil
        do {
            let results = try pipeline.exchange(batch, isBetweenTransactions: mode == .read || !wasAnswered, mode)
            wasAnswered = true
            return results
        } catch {
            if !pipeline.isBroken { wasAnswered = true }
            if mode == .write { failure = error }
            throw error
        }
    }

    /// Undoes what followed a savepoint; what has not been sent is simply dropped.
    private func rollBack(to savepoint: SQL) throws {
        let earlier = failure
        failure = nil
        condition = nil
        if earlier == nil, let start = queue.lastIndex(where: { $0.savepoint == savepoint.text }) {
            queue.removeSubrange((start + 1)...)
            return
        }
        queue.removeAll { $0.sql.text != PostgresPipeline.begin.text }
        do {
            _ = try send(["ROLLBACK TO SAVEPOINT \(savepoint)"])
        } catch {
            // The savepoint was never set, because what came before it had failed: that is the reason to report.
            guard let earlier else { throw error }
            failure = earlier
            throw earlier
        }
    }
}

// MARK: - The end of a transaction

extension PostgresConnection {
    /// Sends what waits and makes it durable.
    func finish() throws {
        if let failure { throw failure }
        guard mode == .write else {
            _ = try send([])
            return
        }
        // Nothing but BEGIN waits and nothing was sent: there is no transaction.
        guard wasAnswered || queue.count > 1 || condition != nil else { return }
        if !isEmptyWithoutChange { _ = try send([]) }
        let waiting = takeWaiting()
        sentCommit = true
        let answers: [PostgresRowSource]
        do {
            answers = try exchange(waiting.map(\.sql) + [Self.commit])
        } catch {
            let isUnknown = pipeline.isBroken && !pipeline.refusesWrites
            throw isUnknown ? DatabaseFailure.connectionLost(outcomeUnknown: true) : error
        }
        try conclude(waiting, answers)
    }

    /// Whether the commit may travel with the change that must happen: without the change there is nothing to commit.
    private var isEmptyWithoutChange: Bool { condition == nil || !hasWritten }

    /// The whole transaction, to be sent together with others; `nil` when some of it has left already, or when there is
    /// nothing to send.
    func takeTransaction() -> [SQL]? {
        guard !wasAnswered, failure == nil, queue.count > 1 || condition != nil, isEmptyWithoutChange else {
            return nil
        }
        sentCommit = true
        hasConditionalRows = condition?.rows.isEmpty == false
        taken = takeWaiting()
        return taken.map(\.sql) + [Self.commit]
    }

    /// Hands out the answers to what ``takeTransaction()`` gave. Throws when the transaction came to nothing.
    func deliver(_ answers: ArraySlice<PostgresRowSource>) throws {
        try conclude(taken, Array(answers))
    }

    private func conclude(_ waiting: [Queued], _ answers: [PostgresRowSource]) throws {
        isOver = true
        // The server answers a commit of a spoilt transaction with a rollback.
        guard answers.last?.tag == Self.commit.text else { throw DatabaseFailure.other(code: "25P02") }
        guard hasHappened(waiting, answers) else { throw DatabaseFailure.unmetRequirement }
        do {
            for (queued, answer) in zip(waiting, answers) { try queued.deliver?(answer) }
        } catch {
            readFailure = error
        }
    }

    /// The result of a transaction that is durable.
    func result<Value>(_ answer: () throws -> Value) -> Result<Value, any Error> {
        Result {
            if let readFailure { throw readFailure }
            return try answer()
        }
    }

    /// Undoes the transaction, as far as there is one.
    func abandon() {
        guard mode == .write, wasAnswered, !isOver, !pipeline.isBroken else { return }
        pipeline.rollBack()
    }

    /// After a lost connection: whether a repetition cannot do anything twice.
    var mayRunAgain: Bool {
        guard pipeline.isBroken else { return false }
        return pipeline.refusesWrites || !sentCommit && (mode == .read || !wasAnswered)
    }
}
