import Persistence

/// A change that must happen, with the rows that are written only if it does: one statement, whose answer has a row when
/// it did.
///
/// All parts of such a statement see the database as it was before it, and run in any order; that is why it takes only
/// rows nobody reads (``Persistence/AppendedRows``).
struct PostgresCondition {
    let change: SQL
    private(set) var rows: [AppendedRows] = []

    /// Every number of rows is a statement of its own to the server.
    private static let mostRows = 8

    init(_ change: SQL) {
        self.change = change
    }

    /// `false` when it holds as many as it can.
    mutating func add(_ row: AppendedRows) -> Bool {
        guard rows.count < Self.mostRows else { return false }
        rows.append(row)
        return true
    }

    var statement: SQL {
        var statement: SQL = "WITH changed AS (\(change) RETURNING 1)"
        for (index, row) in rows.enumerated() {
            let name = SQL(stringLiteral: "row_\(index)")
            statement.append(", \(name) AS (\(row.statement(ifAnyOf: "changed")))")
        }
        statement.append(" SELECT 1 FROM changed")
        return statement
    }
}
