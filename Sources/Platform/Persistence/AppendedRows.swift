/// Rows that a transaction leaves behind beside its own work, such as a message or an audit row: nothing in the
/// transaction reads them, so a driver may insert them together with other statements, and after them.
package struct AppendedRows: Sendable {
    private let table: SQL
    private let columns: SQL
    private let source: Source
    private let conflict: SQL

    private enum Source {
        case values(SQL)
        case query(SQL)
    }

    /// One row.
    ///
    /// - Parameters:
    ///   - values: one for each column, with commas between them.
    ///   - conflict: such as `ON CONFLICT DO NOTHING`.
    package init(into table: SQL, _ columns: SQL, values: SQL, conflict: SQL = "") {
        self.table = table
        self.columns = columns
        source = .values(values)
        self.conflict = conflict
    }

    /// Rows that a query makes, of other tables or of a list. Its columns have their types by themselves.
    package init(into table: SQL, _ columns: SQL, query: SQL) {
        self.table = table
        self.columns = columns
        source = .query(query)
        conflict = ""
    }

    package var statement: SQL {
        switch source {
        case .values(let values): "INSERT INTO \(table) (\(columns)) VALUES (\(values)) \(conflict)"
        case .query(let query): "INSERT INTO \(table) (\(columns)) \(query)"
        }
    }

    /// The same insert, for a statement that has `change` and shall insert nothing when that has no row.
    package func statement(ifAnyOf change: SQL) -> SQL {
        switch source {
        case .values(let values):
            "INSERT INTO \(table) (\(columns)) SELECT \(values) FROM \(change) LIMIT 1 \(conflict)"
        case .query(let query):
            """
            INSERT INTO \(table) (\(columns))
            SELECT made.* FROM (\(query)) AS made WHERE EXISTS (SELECT 1 FROM \(change))
            """
        }
    }
}
