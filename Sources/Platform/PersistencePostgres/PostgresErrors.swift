import CPostgres
import Persistence

/// A database that cannot be used at all: found while the program starts, so it may say where it looked.
package struct PostgresStartFailure: Error, CustomStringConvertible {
    package let description: String
}

/// What a failed result means in the terms both databases share. The server's message is never read: it quotes values.
struct PostgresError {
    let code: String
    /// The server ended the session.
    let isFatal: Bool
    let failure: DatabaseFailure

    init(_ result: OpaquePointer) {
        code = Self.field(UInt8(ascii: "C"), of: result) ?? ""
        let severity = Self.field(UInt8(ascii: "V"), of: result)
        isFatal = severity == "FATAL" || severity == "PANIC"
        failure = Self.failure(code, result)
    }

    private static func failure(_ code: String, _ result: OpaquePointer) -> DatabaseFailure {
        switch code {
        case "23505": .constraint(.unique, name: constraint(result))
        case "23503", "23001": .constraint(.foreignKey, name: constraint(result))
        case "23514": .constraint(.check, name: constraint(result))
        case "23502": .constraint(.notNull, name: column(result))
        case "23P01": .constraint(.exclusion, name: constraint(result))
        case "P0001": .constraint(.trigger, name: raised(result))
        case "40001", "40P01": .conflict(code: code)
        case "55P03": .lockTimeout
        // A full disk, and one that fails.
        case "53100", "58030": .storage(code: code)
        // Out of memory or connections: the same request may succeed later.
        case _ where code.hasPrefix("53"): .unavailable
        default: .other(code: code)
        }
    }

    private static func constraint(_ result: OpaquePointer) -> String {
        field(UInt8(ascii: "n"), of: result) ?? ""
    }

    /// A not-null rule has no name before PostgreSQL 18; this is the one it gets there.
    private static func column(_ result: OpaquePointer) -> String {
        let table = field(UInt8(ascii: "t"), of: result) ?? ""
        let column = field(UInt8(ascii: "c"), of: result) ?? ""
        return "\(table)_\(column)_not_null"
    }

    /// The text that one of our triggers raised, which is a name; any other text might quote a value.
    private static func raised(_ result: OpaquePointer) -> String {
        let text = field(UInt8(ascii: "M"), of: result) ?? ""
        let isName = text.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        return isName && text.utf8.count <= 63 ? text : ""
    }

    private static func field(_ code: UInt8, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
    }
}
