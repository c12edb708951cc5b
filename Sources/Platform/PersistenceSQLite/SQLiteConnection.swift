import CareSyncCore
import Persistence

/// The connection a body gets, made anew for every attempt.
final class SQLiteConnection: Connection {
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

    /// A round trip costs nothing here, so it runs at once.
    func later(_ sql: SQL, _ each: @escaping (Row) throws -> Void, done: @escaping (Int) -> Void) throws {
        done(try run(sql, each))
    }

    /// Nothing ever waits here.
    func flush() throws {}

    func require(_ sql: SQL) throws {
        guard try handle.step(sql, { _ in }) > 0 else { throw DatabaseFailure.unmetRequirement }
    }

    func requireChange(_ sql: SQL) throws {
        guard try run(sql) > 0 else { throw DatabaseFailure.unmetRequirement }
    }

    func effect(_ sql: SQL) throws {
        _ = try run(sql)
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
