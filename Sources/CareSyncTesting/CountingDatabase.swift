package import Persistence
import Synchronization

/// How much a piece of work has asked of the database.
package final class StatementCount: Sendable {
    private let state = Mutex((statements: 0, roundTrips: 0))

    package init() {}

    package var statements: Int { state.withLock { $0.statements } }
    /// Batches count once; statements that travel with the next one do not count.
    package var roundTrips: Int { state.withLock { $0.roundTrips } }

    package func reset() {
        state.withLock { $0 = (statements: 0, roundTrips: 0) }
    }

    fileprivate func add(statements: Int, roundTrips: Int) {
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
            count.add(statements: batch.statements.count, roundTrips: 1)
            return answer
        }
    }

    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> () throws -> Value
    ) async throws -> Value {
        try await base.send { [count] in try body(CountingConnection($0, count: count)) }
    }

    package func close() async { await base.close() }
}

private final class CountingConnection: Connection {
    private let base: any Connection
    private let count: StatementCount

    init(_ base: any Connection, count: StatementCount) {
        self.base = base
        self.count = count
    }

    var dialect: Dialect { base.dialect }
    var scope: TransactionScope { base.scope }

    func query(_ sql: SQL, _ each: (Row) throws -> Void) throws {
        count.add(statements: 1, roundTrips: 1)
        try base.query(sql, each)
    }

    func run(_ sql: SQL) throws -> Int {
        count.add(statements: 1, roundTrips: 1)
        return try base.run(sql)
    }

    func run(_ statements: [SQL], _ each: (Int, Row) throws -> Void) throws -> [Int] {
        count.add(statements: statements.count, roundTrips: 1)
        return try base.run(statements, each)
    }

    func later(_ sql: SQL, _ each: @escaping (Row) throws -> Void, done: @escaping (Int) -> Void) throws {
        count.add(statements: 1, roundTrips: 0)
        try base.later(sql, each, done: done)
    }

    func flush() throws { try base.flush() }

    func require(_ sql: SQL) throws {
        count.add(statements: 1, roundTrips: 0)
        try base.require(sql)
    }

    func requireChange(_ sql: SQL) throws {
        count.add(statements: 1, roundTrips: 0)
        try base.requireChange(sql)
    }

    func effect(_ sql: SQL) throws {
        count.add(statements: 1, roundTrips: 0)
        try base.effect(sql)
    }

    func nextID(_ allocator: IDAllocator) throws -> Int64 {
        try base.nextID(allocator)
    }
}
