package import CareSyncCore

/// A statement with its parameters. Text enters only through literals, values only as parameters:
///
/// ```swift
/// let sql: SQL = "SELECT \(columns) FROM doctor_leaves WHERE id = \(id) AND kind IN \(in: kinds)"
/// ```
///
/// One text runs on both databases; a driver turns the markers into its placeholders once, when it prepares the statement.
package struct SQL: Sendable {
    /// Marks the place of a parameter. Control characters occur in no statement.
    package static let parameterMarker: UInt8 = 0x01
    /// Stands where a list parameter of whole numbers, or of texts, goes; rendered as a subquery in brackets.
    package static let integerListMarker: UInt8 = 0x02
    package static let textListMarker: UInt8 = 0x03

    package private(set) var text: String
    package private(set) var parameters: [SQLValue]

    /// Fragments one after the other, with `separator` between them.
    package static func joined(_ parts: [SQL], separator: SQL) -> SQL {
        var result: SQL = ""
        for (index, part) in parts.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(part)
        }
        return result
    }

    package mutating func append(_ other: SQL) {
        text += other.text
        parameters += other.parameters
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var result = left
        result.append(right)
        return result
    }
}

/// A value on its way into a statement.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case text(String)
    case bytes([UInt8])
    case instant(Instant)
    case date(LocalDate)
    case integers([Int64])
    case texts([String])
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        text = value
        parameters = []
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        parameters = stringInterpolation.parameters
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var parameters: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            // A fragment that is inserted has a text of its own, most parameters one character.
            text.reserveCapacity(literalCapacity + 32 * interpolationCount)
            parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// A fragment that was itself written as a literal.
        package mutating func appendInterpolation(_ sql: SQL) {
            text += sql.text
            parameters += sql.parameters
        }

        package mutating func appendInterpolation(_ value: some SQLConvertible) {
            marker("\u{1}", value.sqlValue)
        }

        package mutating func appendInterpolation(_ value: (some SQLConvertible)?) {
            marker("\u{1}", value?.sqlValue ?? .null)
        }

        /// `IN \(in: ids)`: one parameter however long the list is, so one prepared statement serves every length.
        package mutating func appendInterpolation<Tag>(in ids: [ID<Tag>]) {
            marker("\u{2}", .integers(ids.map(\.rawValue)))
        }

        package mutating func appendInterpolation(in numbers: [Int64]) {
            marker("\u{2}", .integers(numbers))
        }

        package mutating func appendInterpolation(in texts: [String]) {
            marker("\u{3}", .texts(texts))
        }

        package mutating func appendInterpolation<Value: RawRepresentable<String>>(in values: [Value]) {
            marker("\u{3}", .texts(values.map(\.rawValue)))
        }

        /// One of ``SQL/parameterMarker`` and its like, as text.
        private mutating func marker(_ marker: String, _ value: SQLValue) {
            text += marker
            parameters.append(value)
        }
    }
}

/// A Swift value that can be a parameter.
package protocol SQLConvertible {
    var sqlValue: SQLValue { get }
}

extension Int: SQLConvertible { package var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLConvertible { package var sqlValue: SQLValue { .integer(self) } }
extension Double: SQLConvertible { package var sqlValue: SQLValue { .double(self) } }
extension Bool: SQLConvertible { package var sqlValue: SQLValue { .boolean(self) } }
extension String: SQLConvertible { package var sqlValue: SQLValue { .text(self) } }
extension [UInt8]: SQLConvertible { package var sqlValue: SQLValue { .bytes(self) } }
extension Instant: SQLConvertible { package var sqlValue: SQLValue { .instant(self) } }
extension LocalDate: SQLConvertible { package var sqlValue: SQLValue { .date(self) } }
extension Money: SQLConvertible { package var sqlValue: SQLValue { .integer(minorUnits) } }
extension ID: SQLConvertible { package var sqlValue: SQLValue { .integer(rawValue) } }

extension SQLConvertible where Self: RawRepresentable<String> {
    package var sqlValue: SQLValue { .text(rawValue) }
}

extension Role: SQLConvertible {}
