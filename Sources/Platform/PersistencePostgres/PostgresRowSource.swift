import CPostgres
import CareSyncCore
import Persistence

/// A result in libpq's memory, and the current row of it. Values are in binary form and read in place.
final class PostgresRowSource: RowSource {
    private let result: OpaquePointer
    private let columns: ColumnNames
    private let types: [Oid]
    private var row: Int32 = 0

    init(_ result: OpaquePointer, of statement: PostgresStatement) {
        self.result = result
        (columns, types) = statement.shape(of: result)
    }

    deinit { PQclear(result) }

    func eachRow(_ body: (Row) throws -> Void) rethrows {
        for index in 0..<PQntuples(result) {
            row = index
            try body(Row(source: self, columns: columns))
        }
    }

    var hasRows: Bool { PQntuples(result) > 0 }

    /// The number of rows changed, or returned.
    var count: Int {
        guard let digits = PQcmdTuples(result) else { return 0 }
        return Int(String(cString: digits)) ?? 0
    }

    /// What was done, such as `COMMIT`.
    var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    func isNull(_ index: Int) -> Bool {
        types.indices.contains(index) && PQgetisnull(result, row, Int32(index)) == 1
    }

    func integer(_ index: Int) throws -> Int64 {
        let value = try value(index, "integer")
        switch types[index] {
        case PostgresType.int8: return try value.number(Int64.self)
        case PostgresType.int4: return Int64(try value.number(Int32.self))
        case PostgresType.int2: return Int64(try value.number(Int16.self))
        case PostgresType.oid: return Int64(try value.number(UInt32.self))
        case PostgresType.numeric: return try PostgresNumeric(value).integer()
        default: throw value.refused
        }
    }

    func double(_ index: Int) throws -> Double {
        let value = try value(index, "double")
        switch types[index] {
        case PostgresType.float8: return Double(bitPattern: try value.number(UInt64.self))
        case PostgresType.float4: return Double(Float(bitPattern: try value.number(UInt32.self)))
        case PostgresType.numeric: return try PostgresNumeric(value).double()
        default: return Double(try integer(index))
        }
    }

    func boolean(_ index: Int) throws -> Bool {
        let value = try value(index, "boolean")
        guard types[index] == PostgresType.bool else { throw value.refused }
        return try value.number(UInt8.self) != 0
    }

    func text(_ index: Int) throws -> String {
        let value = try value(index, "text")
        switch types[index] {
        case PostgresType.text, PostgresType.varchar, PostgresType.bpchar, PostgresType.name, PostgresType.char,
            PostgresType.json:
            return String(decoding: value.bytes, as: UTF8.self)
        default: throw value.refused
        }
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        let value = try value(index, "bytes")
        guard types[index] == PostgresType.bytea else { throw value.refused }
        return Array(value.bytes)
    }

    func instant(_ index: Int) throws -> Instant {
        let value = try value(index, "instant")
        guard types[index] == PostgresType.timestamptz || types[index] == PostgresType.timestamp else {
            throw value.refused
        }
        let (microseconds, isInfinite) = try value.number(Int64.self)
            .addingReportingOverflow(PostgresEpoch.microseconds)
        // `-infinity` is the smallest number; the sum does not overflow.
        guard !isInfinite, microseconds != .min &+ PostgresEpoch.microseconds else { throw value.refused }
        return Instant(microseconds: microseconds)
    }

    func date(_ index: Int) throws -> LocalDate {
        let value = try value(index, "date")
        guard types[index] == PostgresType.date else { throw value.refused }
        let days = Int(try value.number(Int32.self)) + Int(PostgresEpoch.days)
        let date = LocalDate(daysSinceEpoch: days)
        guard date.daysSinceEpoch == days else { throw value.refused }
        return date
    }

    private func value(_ index: Int, _ type: StaticString) throws -> PostgresValue {
        guard types.indices.contains(index) else { throw DatabaseFailure.noSuchColumn("#\(index)") }
        let column = Int32(index)
        guard PQgetisnull(result, row, column) == 0 else {
            throw DatabaseFailure.unexpectedValue(column: index, type: "null")
        }
        let start = UnsafeRawPointer(PQgetvalue(result, row, column))
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
        return PostgresValue(bytes: bytes, column: index, type: type)
    }
}

/// The bytes of one value, which is not null, and what the reader expects.
struct PostgresValue {
    let bytes: UnsafeRawBufferPointer
    let column: Int
    let type: StaticString

    var refused: DatabaseFailure { .unexpectedValue(column: column, type: "\(type)") }

    func number<Number: FixedWidthInteger>(_: Number.Type, at offset: Int = 0) throws -> Number {
        guard bytes.count >= offset + MemoryLayout<Number>.size else { throw refused }
        return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}

/// `numeric`, which PostgreSQL answers for `sum` and `avg` of whole numbers: digits to the base of 10,000.
struct PostgresNumeric {
    private let value: PostgresValue
    private let count: Int
    /// The power of 10,000 the first digit stands for.
    private let weight: Int
    private let isNegative: Bool

    init(_ value: PostgresValue) throws {
        self.value = value
        count = Int(try value.number(Int16.self))
        weight = Int(try value.number(Int16.self, at: 2))
        switch try value.number(UInt16.self, at: 4) {
        case 0x0000: isNegative = false
        case 0x4000: isNegative = true
        default: throw value.refused  // Not a number, or infinite.
        }
    }

    private func digit(_ index: Int) throws -> Int64 {
        index < count ? Int64(try value.number(Int16.self, at: 8 + 2 * index)) : 0
    }

    /// The exact value; throws when it has a fraction or does not fit.
    func integer() throws -> Int64 {
        var total: Int64 = 0
        for index in 0..<max(count, weight + 1) {
            let digit = try digit(index)
            guard index <= weight else {
                if digit != 0 { throw value.refused }
                continue
            }
            let (shifted, tooLarge) = total.multipliedReportingOverflow(by: 10_000)
            // Counted downwards, because the range has one more negative number.
            let (next, tooLow) = shifted.subtractingReportingOverflow(digit)
            guard !tooLarge, !tooLow else { throw value.refused }
            total = next
        }
        guard !isNegative else { return total }
        guard total != .min else { throw value.refused }
        return -total
    }

    /// The nearest double.
    func double() throws -> Double {
        var digits = isNegative ? "-" : ""
        for index in 0..<count { digits += String(try digit(index) + 10_000).dropFirst() }
        if count == 0 { return 0 }
        guard let number = Double("\(digits)e\(4 * (weight - count + 1))") else { throw value.refused }
        return number
    }
}
