package import CareSyncCore

/// One row of a result: a view onto the driver's memory, valid only while the closure that received it runs.
package struct Row {
    private let source: any RowSource
    private let columns: ColumnNames

    package init(source: any RowSource, columns: ColumnNames) {
        self.source = source
        self.columns = columns
    }

    /// The value of a column; throws when the statement has no such column or the value is null or of another type.
    package func value<Value: ColumnValue>(_ name: String) throws -> Value {
        try Value.read(from: source, at: columns.index(of: name))
    }

    /// The value of a column by position, for statements of one or two columns.
    package func value<Value: ColumnValue>(at index: Int) throws -> Value {
        try Value.read(from: source, at: index)
    }
}

/// What a row becomes.
package protocol RowDecodable: Sendable {
    init(row: Row) throws
}

/// The column names of a prepared statement.
///
/// Rows are read in the order of their columns, so the next expected name is tried first: finding a column costs one
/// comparison and no dictionary.
package final class ColumnNames {
    private let names: [String]
    private var expected = 0

    package init(_ names: [String]) {
        self.names = names
    }

    func index(of name: String) throws -> Int {
        if expected >= names.count { expected = 0 }
        if !names.isEmpty, names[expected] == name {
            expected += 1
            return expected - 1
        }
        guard let found = names.firstIndex(of: name) else { throw DatabaseFailure.noSuchColumn(name) }
        expected = found + 1
        return found
    }
}

/// The current row in the driver's memory. Reads of null throw, except ``isNull(_:)``.
package protocol RowSource: AnyObject {
    func isNull(_ index: Int) -> Bool
    func integer(_ index: Int) throws -> Int64
    func double(_ index: Int) throws -> Double
    func boolean(_ index: Int) throws -> Bool
    func text(_ index: Int) throws -> String
    func bytes(_ index: Int) throws -> [UInt8]
    func instant(_ index: Int) throws -> Instant
    func date(_ index: Int) throws -> LocalDate
}

/// A Swift value that a column can hold.
package protocol ColumnValue {
    static func read(from source: any RowSource, at index: Int) throws -> Self
}

extension Int64: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Int64 { try source.integer(index) }
}

extension Int: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Int { Int(try source.integer(index)) }
}

extension Double: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Double { try source.double(index) }
}

extension Bool: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Bool { try source.boolean(index) }
}

extension String: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> String { try source.text(index) }
}

extension [UInt8]: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> [UInt8] { try source.bytes(index) }
}

extension Instant: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Instant { try source.instant(index) }
}

extension LocalDate: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> LocalDate { try source.date(index) }
}

extension Money: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Money {
        Money(minorUnits: try source.integer(index))
    }
}

extension ID: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> ID { ID(try source.integer(index)) }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    package static func read(from source: any RowSource, at index: Int) throws -> Wrapped? {
        source.isNull(index) ? nil : try Wrapped.read(from: source, at: index)
    }
}

extension ColumnValue where Self: RawRepresentable<String> {
    package static func read(from source: any RowSource, at index: Int) throws -> Self {
        guard let value = Self(rawValue: try source.text(index)) else {
            throw DatabaseFailure.unexpectedValue(column: index, type: "\(Self.self)")
        }
        return value
    }
}

extension Role: ColumnValue {}
