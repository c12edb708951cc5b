import CareSyncCore
import GRDBSQLite
import Persistence

/// One open SQLite connection with its prepared statements. Used by the thread that owns it only.
final class SQLiteHandle {
    let pointer: OpaquePointer
    let session = ConnectionSession()
    private let constraints = ConstraintNames()
    private var statements: [String: SQLiteStatement] = [:]
    private var uses = 0
    /// Set while the writer's transaction is open. Should SQLite undo it, a body that goes on all the same would write
    /// outside any.
    var needsTransaction = false

    /// A program of this size has some hundred statements; the bound is for tools that compose text.
    private static let statementLimit = 256

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
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

    /// Finalizes every statement, without which the connection cannot be closed.
    func finalizeStatements() {
        for statement in statements.values { statement.finalize() }
        statements.removeAll()
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
        uses += 1
        if let statement = statements[text], !statement.isBusy {
            statement.lastUse = uses
            return statement
        }
        let rendered = SQLiteText.render(text)
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(
            self.pointer, rendered, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK else { throw failure(code) }
        guard let pointer else { throw DatabaseFailure.other(code: "empty statement") }
        let statement = SQLiteStatement(pointer, lastUse: uses)
        // A text in use by an outer query gets a second statement, which lives for this run only.
        if statements[text] == nil { keep(statement, for: text) }
        return statement
    }

    private func keep(_ statement: SQLiteStatement, for text: String) {
        if statements.count >= Self.statementLimit,
            let oldest = statements.filter({ !$0.value.isBusy }).min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            oldest.value.finalize()
            statements[oldest.key] = nil
        }
        statement.isCached = true
        statements[text] = statement
    }
}
