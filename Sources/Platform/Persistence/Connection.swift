package import CareSyncCore

/// The connection of a running transaction. It belongs to the closure that received it and must not leave it.
package protocol Connection: AnyObject {
    var dialect: Dialect { get }
    var scope: TransactionScope { get }

    /// Runs a statement and hands over its rows one by one.
    func query(_ sql: SQL, _ each: (Row) throws -> Void) throws

    /// Runs a statement; the number of rows it changed.
    @discardableResult
    func run(_ sql: SQL) throws -> Int

    /// Runs statements in order, in one round trip where the database can; `each` gets a statement's position with its
    /// rows. The numbers of rows changed (or returned). A statement cannot depend on what an earlier one answered.
    func run(_ statements: [SQL], _ each: (Int, Row) throws -> Void) throws -> [Int]

    /// Leaves rows behind that nothing in the transaction reads. The insert may travel with later statements or with the
    /// commit; what it throws surfaces there.
    func append(_ rows: AppendedRows) throws

    /// The next value of an allocator made by ``Migration/createAllocator(_:start:dialect:)``.
    func nextID(_ allocator: IDAllocator) throws -> Int64

    /// Lets statements of this transaction take as long as they need, for migrations of large tables. Waits for locks stay
    /// bounded.
    func liftTimeLimit() throws

    /// The steps of ``savepoint(_:)``.
    func perform(_ step: SavepointStep) throws
}

/// A step of a part of a transaction that can be undone by itself.
package enum SavepointStep {
    case set(SQL)
    case release(SQL)
    case rollBack(SQL)
}

/// A source of ids for rows that must know theirs before they are inserted (rules/persistence 5).
package struct IDAllocator: Sendable, Hashable {
    /// Lower snake case; a sequence on PostgreSQL, a row of `id_allocators` on SQLite.
    package let name: String

    package init(_ name: String) {
        self.name = name
    }
}

extension Connection {
    /// The time, by the clock of the application.
    package var now: Instant { scope.services.time.now }

    /// Runs statements in order, in one round trip where the database can.
    package func run(_ statements: [SQL]) throws {
        _ = try run(statements) { _, _ in }
    }

    /// The first row, if there is one.
    package func first<Model: RowDecodable>(_ sql: SQL) throws -> Model? {
        var found: Model?
        try query(sql) { row in
            if found == nil { found = try Model(row: row) }
        }
        return found
    }

    package func all<Model: RowDecodable>(_ sql: SQL) throws -> [Model] {
        var rows: [Model] = []
        try query(sql) { rows.append(try Model(row: $0)) }
        return rows
    }

    /// The first column of the first row.
    package func value<Value: ColumnValue>(_ sql: SQL) throws -> Value? {
        var found: Value?
        try query(sql) { row in
            if found == nil { found = try row.value(at: 0) as Value }
        }
        return found
    }

    /// The first column of every row.
    package func values<Value: ColumnValue>(_ sql: SQL) throws -> [Value] {
        var values: [Value] = []
        try query(sql) { values.append(try $0.value(at: 0)) }
        return values
    }

    /// Whether the statement gives any row.
    package func exists(_ sql: SQL) throws -> Bool {
        var found = false
        try query(sql) { _ in found = true }
        return found
    }
}

extension Connection {
    /// The different texts of a column, in order. By way of an index on it the cost is that of their number, however many rows
    /// there are.
    package func distinctTexts(_ column: SQL, in table: SQL, where condition: SQL) throws -> [String] {
        var found: [String] = []
        while let next: String = try value(
            """
            SELECT \(column) FROM \(table) WHERE \(condition) AND \(column) > \(found.last ?? "")
            ORDER BY \(column) LIMIT 1
            """)
        {
            found.append(next)
        }
        return found
    }
}

extension Connection {
    /// Undoes what `body` did, and only that, when it throws: its statements, audit entries and events.
    package func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        // Each level has a name of its own: a statement that waited in an inner part may fail after that part has ended,
        // and going back to a shared name would then undo the inner part only.
        let name = SQL(stringLiteral: "part_\(scope.enterPart())")
        defer { scope.leavePart() }
        let mark = scope.mark()
        try perform(.set(name))
        do {
            let value = try body()
            try perform(.release(name))
            return value
        } catch {
            try perform(.rollBack(name))
            try perform(.release(name))
            scope.reset(to: mark)
            throw error
        }
    }
}
