import Persistence

/// What a statement and its list parameters look like to SQLite.
enum SQLiteText {
    /// Markers become `?1`, `?2`, …; a list is one JSON text that SQLite takes apart.
    static func render(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + 64)
        var parameters = 0
        for byte in text.utf8 {
            switch byte {
            case SQL.parameterMarker:
                parameters += 1
                result += "?\(parameters)".utf8
            case SQL.integerListMarker, SQL.textListMarker:
                parameters += 1
                result += "(SELECT value FROM json_each(?\(parameters)))".utf8
            default:
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func json(_ numbers: [Int64]) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    static func json(_ texts: [String]) -> String {
        var result: [UInt8] = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            result.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    result += [UInt8(ascii: "\\"), byte]
                case ..<0x20:
                    result += "\\u00".utf8
                    result += Array(byte < 16 ? "0\(String(byte, radix: 16))".utf8 : String(byte, radix: 16).utf8)
                default:
                    result.append(byte)
                }
            }
            result.append(UInt8(ascii: "\""))
        }
        result.append(UInt8(ascii: "]"))
        return String(decoding: result, as: UTF8.self)
    }
}
