import CSQLite
import CareSyncCore
import Glibc
import Persistence

/// A prepared statement, and the row it stands on.
final class SQLiteStatement {
    let pointer: OpaquePointer
    private(set) var row: Row
    /// Whether it runs right now.
    var isBusy = false
    var isCached = false

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        row = Self.row(of: pointer)
    }

    func reset() {
        sqlite3_reset(pointer)
        // Bound texts may hold health data: they do not stay in memory until the next use.
        sqlite3_clear_bindings(pointer)
    }

    func finalize() {
        sqlite3_finalize(pointer)
    }

    /// SQLite prepares a statement again after a change of the schema, and `*` may then mean other columns.
    func refreshColumns() {
        if sqlite3_stmt_status(pointer, SQLITE_STMTSTATUS_REPREPARE, 1) > 0 { row = Self.row(of: pointer) }
    }

    private static func row(of pointer: OpaquePointer) -> Row {
        let names = (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
        }
        return Row(source: SQLiteRow(pointer), columns: ColumnNames(names))
    }
}

extension SQLiteStatement {
    /// Tells SQLite to copy the bytes during the call.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    func bind(_ values: [SQLValue]) throws {
        guard sqlite3_bind_parameter_count(pointer) == Int32(values.count) else {
            throw DatabaseFailure.other(code: "SQLITE_RANGE")
        }
        for (offset, value) in values.enumerated() {
            let code = try bind(value, at: Int32(offset + 1))
            guard code == SQLITE_OK else { throw DatabaseFailure.other(code: SQLiteError.name(of: code)) }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) throws -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(pointer, index)
        case .integer(let number): sqlite3_bind_int64(pointer, index, number)
        case .double(let number): try bind(number, at: index)
        case .boolean(let flag): sqlite3_bind_int64(pointer, index, flag ? 1 : 0)
        case .text(let text): try bind(text, at: index)
        case .bytes(let bytes): bind(bytes, at: index)
        case .instant(let instant): sqlite3_bind_int64(pointer, index, instant.microseconds)
        case .date(let date): try bind(date.description, at: index)
        case .integers(let numbers): try bind(SQLiteText.json(numbers), at: index)
        case .texts(let texts):
            // Checked here: inside the JSON text a NUL would be an escape, and pass.
            if texts.contains(where: { $0.utf8.contains(0) }) {
                throw DatabaseFailure.other(code: "nul in text")
            } else {
                try bind(SQLiteText.json(texts), at: index)
            }
        }
    }

    private func bind(_ number: Double, at index: Int32) throws -> Int32 {
        // SQLite would store null.
        guard !number.isNaN else { throw DatabaseFailure.other(code: "not a number") }
        return sqlite3_bind_double(pointer, index, number)
    }

    private func bind(_ text: String, at index: Int32) throws -> Int32 {
        var text = text
        return try text.withUTF8 { utf8 in
            guard let start = utf8.baseAddress, !utf8.isEmpty else {
                return sqlite3_bind_text(pointer, index, "", 0, Self.transient)
            }
            // PostgreSQL cannot store one, and C functions of SQLite stop at it.
            guard memchr(start, 0, utf8.count) == nil else { throw DatabaseFailure.other(code: "nul in text") }
            return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                sqlite3_bind_text64(
                    pointer, index, $0, sqlite3_uint64(utf8.count), Self.transient, UInt8(SQLITE_UTF8))
            }
        }
    }

    private func bind(_ bytes: [UInt8], at index: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, !buffer.isEmpty else {
                return sqlite3_bind_zeroblob(pointer, index, 0)
            }
            return sqlite3_bind_blob64(pointer, index, start, sqlite3_uint64(buffer.count), Self.transient)
        }
    }
}
