import CSQLite
import Concurrency
import Persistence

/// One open SQLite connection with its prepared statements.
final class SQLiteHandle: @unchecked Sendable {
    // Safe: after it was opened, one thread uses it.
    let pointer: OpaquePointer
    let session = ConnectionSession()
    private var isOpen = true
    private let constraints = ConstraintNames()
    /// A program of this size has some hundred statements; the bound is for tools that compose text.
    private var statements = GenerationCache<String, SQLiteStatement>(limit: 512, keepsDropped: true)
    /// Set while the writer's transaction is open. Should SQLite undo it, a body that goes on all the same would write
    /// outside any.
    var needsTransaction = false

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { close() }

    /// Closes the connection, at the latest when nobody holds it any more.
    func close() {
        guard isOpen else { return }
        isOpen = false
        // A connection with statements cannot be closed.
        for statement in statements.values { statement.finalize() }
        statements.removeAll()
        sqlite3_close(pointer)
    }

    /// Whether no transaction is open.
    var isIdle: Bool { sqlite3_get_autocommit(pointer) != 0 }

    var totalChanges: Int32 { sqlite3_total_changes(pointer) }
    var changes: Int32 { sqlite3_changes(pointer) }

    /// Runs statements of the driver itself, whose rows nobody needs.
    func execute(_ text: String) throws {
        let code = sqlite3_exec(pointer, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Runs a statement and calls `each` with every row; the number of rows.
    @discardableResult
    func step(_ sql: SQL, _ each: (Row) throws -> Void) throws -> Int {
        guard !needsTransaction || !isIdle else { throw DatabaseFailure.other(code: "SQLITE_ABORT") }
        let statement = try prepared(sql.text)
        statement.isBusy = true
        defer {
            statement.reset()
            statement.isBusy = false
            if !statement.isCached { statement.finalize() }
        }
        try statement.bind(sql.parameters)
        var rows = 0
        while true {
            switch sqlite3_step(statement.pointer) {
            case SQLITE_ROW:
                if rows == 0 { statement.refreshColumns() }
                rows += 1
                try each(statement.row)
            case SQLITE_DONE:
                return rows
            case let code:
                // The statement is reset first, because naming a constraint may take queries of its own.
                let error = SQLiteError(code: code, pointer: pointer)
                statement.reset()
                throw failure(error)
            }
        }
    }

    private func failure(_ code: Int32) -> DatabaseFailure {
        failure(SQLiteError(code: code, pointer: pointer))
    }

    private func failure(_ error: SQLiteError) -> DatabaseFailure {
        error.failure { table, columns, isPrimaryKey in
            constraints.name(table: table, columns: columns, isPrimaryKey: isPrimaryKey, pointer: pointer)
        }
    }

    private func prepared(_ text: String) throws -> SQLiteStatement {
        let known = statements.use(text)
        defer { finalizeDropped() }
        if let known, !known.isBusy { return known }
        let rendered = SQLiteText.render(text)
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(
            self.pointer, rendered, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK else { throw failure(code) }
        guard let pointer else { throw DatabaseFailure.other(code: "empty statement") }
        let statement = SQLiteStatement(pointer)
        // A text in use by an outer query gets a second statement, which lives for this run only.
        if known == nil {
            statement.isCached = true
            statements.insert(statement, for: text)
        }
        return statement
    }

    /// One that runs right now is finalized at the end of its run.
    private func finalizeDropped() {
        for statement in statements.takeDropped() {
            statement.isCached = false
            if !statement.isBusy { statement.finalize() }
        }
    }
}
