import CPostgres
import Concurrency
import Persistence

/// A statement prepared, or about to be, on one connection.
final class PostgresStatement {
    /// The text with markers, under which it is cached.
    let key: String
    let name: String
    /// The declared types of the parameters.
    let types: [Oid]
    /// Set when the server has confirmed it.
    var isPrepared = false
    /// Set when the preparation has been sent.
    var isSent = false
    private var shape: (columns: ColumnNames, types: [Oid])?

    init(key: String, name: String, types: [Oid]) {
        self.key = key
        self.name = name
        self.types = types
    }

    /// The columns, read from the first result: the server refuses to run a statement whose columns have changed since.
    func shape(of result: OpaquePointer) -> (columns: ColumnNames, types: [Oid]) {
        if let shape { return shape }
        let columns = 0..<PQnfields(result)
        let names = columns.map { column in PQfname(result, column).map { String(cString: $0) } ?? "" }
        let read = (columns: ColumnNames(names), types: columns.map { PQftype(result, $0) })
        shape = read
        return read
    }

    /// The text with PostgreSQL's placeholders.
    var rendered: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(key.utf8.count + 64)
        var count = 0
        for byte in key.utf8 {
            switch byte {
            case SQL.parameterMarker, SQL.integerListMarker, SQL.textListMarker:
                count += 1
                bytes.append(contentsOf: Self.placeholder(byte, count).utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func placeholder(_ marker: UInt8, _ number: Int) -> String {
        switch marker {
        case SQL.integerListMarker: "(SELECT unnest($\(number)::bigint[]))"
        case SQL.textListMarker: "(SELECT unnest($\(number)::text[]))"
        default: "$\(number)"
        }
    }

    /// Whether the values fit the declared types. Null fits all.
    fileprivate func accepts(_ values: [SQLValue]) -> Bool {
        guard values.count == types.count else { return false }
        for (value, type) in zip(values, types) where PostgresParameters.type(of: value) != type && value != .null {
            return false
        }
        return true
    }
}

/// The prepared statements of one connection: those used recently.
final class PostgresStatementCache {
    private var statements: GenerationCache<String, PostgresStatement>
    private var made = 0
    /// Names the server still holds and nobody will use again.
    private(set) var abandoned: [String] = []

    init(limit: Int) {
        statements = GenerationCache(limit: limit, keepsDropped: true)
    }

    func statement(for sql: SQL) -> PostgresStatement {
        let known = statements.use(sql.text)
        defer { for statement in statements.takeDropped() where statement.isSent { abandoned.append(statement.name) } }
        if let known, known.accepts(sql.parameters) { return known }
        // A type learnt earlier is kept where this execution has null, so two executions settle every optional parameter.
        let types = sql.parameters.enumerated().map { index, value in
            let earlier = known.flatMap { index < $0.types.count ? $0.types[index] : nil }
            return value == .null ? earlier ?? PostgresType.inferred : PostgresParameters.type(of: value)
        }
        if let known { forget(known) }
        made += 1
        let statement = PostgresStatement(key: sql.text, name: "s\(made)", types: types)
        statements.insert(statement, for: sql.text)
        return statement
    }

    /// Drops a statement. One whose preparation is under way counts as held: closing a name twice does no harm.
    func forget(_ statement: PostgresStatement) {
        remove(statement)
        if statement.isSent { abandoned.append(statement.name) }
    }

    /// Drops a statement the server never got to prepare.
    func discard(_ statement: PostgresStatement) {
        remove(statement)
        abandoned.removeAll { $0 == statement.name }
    }

    func forgetAll() {
        statements.removeAll()
        abandoned.removeAll()
    }

    func takeAbandoned() -> [String] {
        defer { abandoned.removeAll() }
        return abandoned
    }

    /// Another one may have taken its place.
    private func remove(_ statement: PostgresStatement) {
        if statements.use(statement.key) === statement { statements.remove(statement.key) }
    }
}
