import CSQLite
import CareSyncCore
import Persistence

/// The row a statement stands on. Reads go straight to SQLite's memory and never convert between types.
final class SQLiteRow: RowSource {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    func isNull(_ index: Int) -> Bool {
        sqlite3_column_type(pointer, Int32(index)) == SQLITE_NULL
    }

    func integer(_ index: Int) throws -> Int64 {
        try expect(SQLITE_INTEGER, index, "integer")
        return sqlite3_column_int64(pointer, Int32(index))
    }

    /// Whole numbers pass: an expression such as `coalesce(avg(x), 0)` gives one.
    func double(_ index: Int) throws -> Double {
        if sqlite3_column_type(pointer, Int32(index)) != SQLITE_INTEGER { try expect(SQLITE_FLOAT, index, "double") }
        return sqlite3_column_double(pointer, Int32(index))
    }

    func boolean(_ index: Int) throws -> Bool {
        switch try integer(index) {
        case 0: return false
        case 1: return true
        default: throw DatabaseFailure.unexpectedValue(column: index, type: "boolean")
        }
    }

    func text(_ index: Int) throws -> String {
        try expect(SQLITE_TEXT, index, "text")
        guard let start = sqlite3_column_text(pointer, Int32(index)) else { return "" }
        let count = Int(sqlite3_column_bytes(pointer, Int32(index)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        try expect(SQLITE_BLOB, index, "bytes")
        // An empty blob has no address.
        guard let start = sqlite3_column_blob(pointer, Int32(index)) else { return [] }
        let count = Int(sqlite3_column_bytes(pointer, Int32(index)))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func instant(_ index: Int) throws -> Instant {
        Instant(microseconds: try integer(index))
    }

    func date(_ index: Int) throws -> LocalDate {
        guard let date = LocalDate(try text(index)) else {
            throw DatabaseFailure.unexpectedValue(column: index, type: "date")
        }
        return date
    }

    private func expect(_ type: Int32, _ index: Int, _ name: String) throws {
        guard sqlite3_column_type(pointer, Int32(index)) == type else {
            throw DatabaseFailure.unexpectedValue(column: index, type: name)
        }
    }
}
