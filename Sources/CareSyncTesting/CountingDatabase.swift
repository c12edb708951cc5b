package import Persistence
import Synchronization

/// How much a piece of work has asked of the database.
package final class StatementCount: Sendable {
    private let state = Mutex((statements: [SQL](), roundTrips: 0))

    package init() {}

    package var statements: Int { recorded.count }
    /// The statements in order, for a look at their plans.
    package var recorded: [SQL] { state.withLock { $0.statements } }
    /// The statements in order, without the values of their parameters.
    package var texts: [String] { recorded.map(\.text) }
    /// Batches count once; statements that travel with the next one do not count.
    package var roundTrips: Int { state.withLock { $0.roundTrips } }

    package func reset() {
        state.withLock { $0 = (statements: [], roundTrips: 0) }
    }

    fileprivate func add(_ statements: [SQL], roundTrips: Int) {
        state.withLock { $0 = (statements: $0.statements + statements, roundTrips: $0.roundTrips + roundTrips) }
    }
}

/// A database that counts what is asked of it, for the tests that assert the query count of lists.
package struct CountingDatabase: Database {
    package let count: StatementCount
    private let base: any Database

    package init(_ base: any Database, count: StatementCount = StatementCount()) {
        self.base = base
        self.count = count
    }

    package var dialect: Dialect { base.dialect }
    package var services: DatabaseServices { base.services }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await base.read { [count] in try body(CountingConnection($0, count: count)) }
    }

    package func fetch<Value: Sendable>(
        _ plan: @escaping @Sendable (Batch) throws -> () throws -> Value
    ) async throws -> Value {
        try await base.fetch { [count] batch in
            let answer = try plan(batch)
            count.add(batch.statements, roundTrips: 1)
            return answer
        }
    }

    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        try await base.send { [count] in try body(CountingTransaction($0, count: count)) }
    }

    package func runOutsideTransaction(_ sql: SQL) async throws {
        count.add([sql], roundTrips: 1)
        try await base.runOutsideTransaction(sql)
    }

    package func close() async { await base.close() }
}

private class CountingConnection: Connection {
    private let base: any Connection
    fileprivate let count: StatementCount

    init(_ base: any Connection, count: StatementCount) {
        self.base = base
        self.count = count
    }

    var dialect: Dialect { base.dialect }
    var scope: TransactionScope { base.scope }

    func query(_ sql: SQL, _ each: (Row) throws -> Void) throws {
        count.add([sql], roundTrips: 1)
        try base.query(sql, each)
    }

    func run(_ sql: SQL) throws -> Int {
        count.add([sql], roundTrips: 1)
        return try base.run(sql)
    }

    func run(_ statements: [SQL], _ each: (Int, Row) throws -> Void) throws -> [Int] {
        count.add(statements, roundTrips: 1)
        return try base.run(statements, each)
    }

    func append(_ rows: AppendedRows) throws {
        count.add([rows.statement], roundTrips: 0)
        try base.append(rows)
    }

    func liftTimeLimit() throws { try base.liftTimeLimit() }

    func perform(_ step: SavepointStep) throws { try base.perform(step) }

    func nextID(_ allocator: IDAllocator) throws -> Int64 {
        try base.nextID(allocator)
    }
}

private final class CountingTransaction: CountingConnection, PipelinedTransaction {
    private let transaction: any PipelinedTransaction

    init(_ base: any PipelinedTransaction, count: StatementCount) {
        transaction = base
        super.init(base, count: count)
    }

    func later(_ batch: Batch) throws {
        count.add(batch.statements, roundTrips: 0)
        try transaction.later(batch)
    }

    func requireChange(_ sql: SQL) throws {
        count.add([sql], roundTrips: 0)
        try transaction.requireChange(sql)
    }
}
