package import Persistence

/// A column whose values are sealed with the keys of patients, so that a rotation of keys finds them. Its values are bound
/// to table, column and row by exactly these names.
package struct SealedColumn: Sendable {
    package let table: String
    package let column: String
    /// The column of whole numbers that names a row.
    package let row: String
    /// The column that names the patient whose key it is; a null one means no patient's.
    package let patient: String

    /// The same names, as parts of statements.
    package let tableSQL: SQL
    package let columnSQL: SQL
    package let rowSQL: SQL
    package let patientSQL: SQL

    package init(
        _ table: StaticString, _ column: StaticString, row: StaticString = "id", patient: StaticString = "patient_id"
    ) {
        self.table = "\(table)"
        self.column = "\(column)"
        self.row = "\(row)"
        self.patient = "\(patient)"
        tableSQL = SQL(stringLiteral: self.table)
        columnSQL = SQL(stringLiteral: self.column)
        rowSQL = SQL(stringLiteral: self.row)
        patientSQL = SQL(stringLiteral: self.patient)
    }
}
