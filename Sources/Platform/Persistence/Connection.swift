import CareSyncCore

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

    /// Runs a statement together with the next one whose answer is needed, or with the commit. `each` gets its rows and
    /// `done` the number of rows changed once the answers are there. What it throws surfaces there.
    func later(_ sql: SQL, _ each: @escaping (Row) throws -> Void, done: @escaping (Int) -> Void) throws

    /// Sends what waits and takes in the answers.
    func flush() throws

    /// Undoes the transaction with ``DatabaseFailure/unmetRequirement`` unless the statement gives a row; like
    /// ``later(_:)`` it waits for company. What stands behind it can rely on it without having seen an answer.
    func require(_ sql: SQL) throws

    /// Runs an insert, update or deletion that must change a row: unless it does, the transaction is undone with
    /// ``DatabaseFailure/unmetRequirement``. Otherwise like ``require(_:)``.
    func requireChange(_ sql: SQL) throws

    /// Runs an insert, update or deletion that needs nothing of the other statements of its transaction and is needed by
    /// none of them, such as an outbox or audit row. Like ``later(_:)``, but a database may run it before others, and
    /// several as one.
    func effect(_ sql: SQL) throws

    /// The next value of an allocator made by ``Migration/createAllocator(_:start:dialect:)``.
    func nextID(_ allocator: IDAllocator) throws -> Int64
}

/// A source of ids for rows that must know theirs before they are inserted (RULINGS A4).
package struct IDAllocator: Sendable, Hashable {
    /// Lower snake case; a sequence on PostgreSQL, a row of `id_allocators` on SQLite.
    package let name: String

    package init(_ name: String) {
        self.name = name
    }
}

extension Connection {
    /// Runs a statement whose result nobody needs together with the next one, or with the commit. What it throws surfaces
    /// there.
    package func later(_ sql: SQL) throws {
        try later(sql, { _ in }, done: { _ in })
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
    /// Undoes what `body` did, and only that, when it throws: its statements, audit entries and events.
    package func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        // Each level has a name of its own: a statement that waited in an inner part may fail after that part has ended,
        // and going back to a shared name would then undo the inner part only.
        let name = SQL(stringLiteral: "part_\(scope.enterPart())")
        defer { scope.leavePart() }
        let mark = scope.mark()
        try later("SAVEPOINT \(name)")
        do {
            let value = try body()
            try later("RELEASE SAVEPOINT \(name)")
            return value
        } catch {
            try run("ROLLBACK TO SAVEPOINT \(name)")
            try later("RELEASE SAVEPOINT \(name)")
            scope.reset(to: mark)
            throw error
        }
    }
}
