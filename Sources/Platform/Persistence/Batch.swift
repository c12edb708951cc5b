/// Statements that go to the database together, with typed results.
///
/// ```swift
/// let batch = Batch()
/// let doctor = batch.first(Doctor.self, "SELECT … FROM doctors WHERE id = \(id)")
/// let taken = batch.all(Interval.self, "SELECT … FROM appointments WHERE doctor_id = \(id)")
/// try batch.run(db)
/// use(try doctor.value, try taken.value)
/// ```
package final class Batch {
    package private(set) var statements: [SQL] = []
    private var readers: [(Row) throws -> Void] = []
    private var finishers: [(Int) -> Void] = []

    package init() {}

    package func first<Model: RowDecodable>(_ type: Model.Type = Model.self, _ sql: SQL) -> Pending<Model?> {
        let pending = Pending<Model?>()
        var found: Model?
        add(sql) { row in
            if found == nil { found = try Model(row: row) }
        } finish: { _ in
            pending.result = .some(found)
        }
        return pending
    }

    package func all<Model: RowDecodable>(_ type: Model.Type = Model.self, _ sql: SQL) -> Pending<[Model]> {
        let pending = Pending<[Model]>()
        var rows: [Model] = []
        add(sql) {
            rows.append(try Model(row: $0))
        } finish: { _ in
            pending.result = rows
        }
        return pending
    }

    /// The first column of the first row.
    package func value<Value: ColumnValue>(_ type: Value.Type = Value.self, _ sql: SQL) -> Pending<Value?> {
        let pending = Pending<Value?>()
        var found: Value?
        add(sql) { row in
            if found == nil { found = try row.value(at: 0) as Value }
        } finish: { _ in
            pending.result = .some(found)
        }
        return pending
    }

    /// The number of rows changed, or returned.
    @discardableResult
    package func count(_ sql: SQL) -> Pending<Int> {
        let pending = Pending<Int>()
        add(sql) { _ in
        } finish: {
            pending.result = $0
        }
        return pending
    }

    package func run(_ db: any Connection) throws {
        let counts = try db.run(statements) { index, row in try readers[index](row) }
        for (finish, count) in zip(finishers, counts) { finish(count) }
    }

    /// Takes the answer to one of the statements from a driver: its rows, and the number of rows changed or returned.
    package func take(_ index: Int, count: Int, rows: ((Row) throws -> Void) throws -> Void) throws {
        try rows(readers[index])
        finishers[index](count)
    }

    private func add(_ sql: SQL, _ read: @escaping (Row) throws -> Void, finish: @escaping (Int) -> Void) {
        statements.append(sql)
        readers.append(read)
        finishers.append(finish)
    }
}

/// A result of a ``Batch``, readable once the batch has run.
package final class Pending<Value> {
    fileprivate var result: Value?

    package var value: Value {
        get throws {
            guard let result else { throw DatabaseFailure.other(code: "batch not run") }
            return result
        }
    }
}
