import CSQLite
import Persistence

/// What SQLite reported about a failed call. The message is only used to find names in the schema.
struct SQLiteError {
    /// The extended result code.
    let code: Int32
    private let message: String

    init(code: Int32, pointer: OpaquePointer) {
        let extended = sqlite3_extended_errcode(pointer)
        self.code = extended & 0xFF == code & 0xFF ? extended : code
        message = String(cString: sqlite3_errmsg(pointer))
    }

    /// `uniqueName` finds the constraint over some columns of a table.
    func failure(uniqueName: (_ table: String, _ columns: [String], _ isPrimaryKey: Bool) -> String) -> DatabaseFailure
    {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT: constraint(uniqueName)
        case SQLITE_BUSY: code == Self.busySnapshot ? .conflict(code: "SQLITE_BUSY_SNAPSHOT") : .lockTimeout
        case SQLITE_LOCKED: .conflict(code: "SQLITE_LOCKED")
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN: .storage(code: Self.name(of: code))
        default: .other(code: Self.name(of: code))
        }
    }

    private func constraint(_ uniqueName: (String, [String], Bool) -> String) -> DatabaseFailure {
        switch code >> 8 {
        case 6, 8, 10: .constraint(.unique, name: unique(uniqueName))
        // SQLite does not say which key it was.
        case 3: .constraint(.foreignKey, name: "")
        case 1: .constraint(.check, name: detail)
        case 5: .constraint(.notNull, name: detail.replacing(".", with: "_") + "_not_null")
        case 7: .constraint(.trigger, name: message)
        default: .other(code: Self.name(of: code))
        }
    }

    /// `UNIQUE constraint failed: users.email, users.kind`, or `…: index 'name'` for an index over expressions.
    private func unique(_ uniqueName: (String, [String], Bool) -> String) -> String {
        if detail.hasPrefix("index '") { return String(detail.dropFirst(7).dropLast()) }
        let columns = detail.split(separator: ", ").compactMap { $0.split(separator: ".").last.map(String.init) }
        let table = detail.split(separator: ".").first.map(String.init) ?? ""
        return uniqueName(table, columns, code >> 8 == 6 || code >> 8 == 10)
    }

    /// What follows the first colon.
    private var detail: String {
        guard let colon = message.firstIndex(of: ":") else { return message }
        return String(message[colon...].dropFirst(2))
    }

    private static let busySnapshot = SQLITE_BUSY | 2 << 8

    static func name(of code: Int32) -> String {
        let names = [
            "OK", "ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT", "IOERR",
            "CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA", "TOOBIG", "CONSTRAINT",
            "MISMATCH", "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB",
        ]
        let primary = Int(code & 0xFF)
        guard names.indices.contains(primary) else { return "SQLITE_\(code)" }
        return code > 0xFF ? "SQLITE_\(names[primary])/\(code >> 8)" : "SQLITE_\(names[primary])"
    }
}
