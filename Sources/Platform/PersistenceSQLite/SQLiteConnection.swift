import CareSyncCore
import Persistence

/// The connection a body gets, created for every attempt.
final class SQLiteConnection: PipelinedTransaction {
    let dialect = Dialect.sqlite
    let scope: TransactionScope
    private let handle: SQLiteHandle

    init(handle: SQLiteHandle, scope: TransactionScope) {
        self.handle = handle
        self.scope = scope
    }

    func query(_ sql: SQL, _ each: (Row) throws -> Void) throws {
        try handle.step(sql, each)
    }

    @discardableResult
    func run(_ sql: SQL) throws -> Int {
        try run(sql) { _ in }
    }

    func run(_ statements: [SQL], _ each: (Int, Row) throws -> Void) throws -> [Int] {
        var counts: [Int] = []
        counts.reserveCapacity(statements.count)
        for (index, sql) in statements.enumerated() {
            counts.append(try run(sql) { try each(index, $0) })
        }
        return counts
    }

    func append(_ rows: AppendedRows) throws {
        _ = try run(rows.statement)
    }

    /// A round trip costs nothing here, so it runs at once.
    func later(_ batch: Batch) throws {
        try batch.run(self)
    }

    func requireChange(_ sql: SQL) throws {
        guard try run(sql) > 0 else { throw DatabaseFailure.unmetRequirement }
    }

    /// Statements have none; the writer's turn is its own.
    func liftTimeLimit() throws {}

    func perform(_ step: SavepointStep) throws {
        switch step {
        case .set(let name): try run("SAVEPOINT \(name)")
        case .release(let name): try run("RELEASE SAVEPOINT \(name)")
        case .rollBack(let name): try run("ROLLBACK TO SAVEPOINT \(name)")
        }
    }

    func nextID(_ allocator: IDAllocator) throws -> Int64 {
        let id: Int64? = try value(
            "UPDATE id_allocators SET next = next + 1 WHERE name = \(allocator.name) RETURNING next - 1")
        guard let id else { throw DatabaseFailure.other(code: "no allocator \(allocator.name)") }
        return id
    }

    /// The rows changed, or returned. `sqlite3_changes` keeps its value over statements that change no rows.
    private func run(_ sql: SQL, _ each: (Row) throws -> Void) throws -> Int {
        let before = handle.totalChanges
        let rows = try handle.step(sql, each)
        if rows > 0 { return rows }
        return handle.totalChanges == before ? 0 : Int(handle.changes)
    }
}
