import CareSyncCore

/// Percent-encoded text from paths and queries.
enum QueryText {
    /// Names and values in order. `+` is a blank, as forms send it.
    static func pairs(_ query: String) throws -> [(name: String, value: String)] {
        try query.utf8.split(separator: UInt8(ascii: "&")).map { part in
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let name = try decode(part[..<equals], plusIsBlank: true, field: "query")
            let value = part[equals...].dropFirst()
            return (name: name, value: try decode(value, plusIsBlank: true, field: name))
        }
    }

    /// 400 for broken escapes, bytes that are not UTF-8, and NUL, which no value may contain.
    static func decode(
        _ text: some Collection<UInt8>, plusIsBlank: Bool, field: String
    ) throws -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
                    throw malformed(field)
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { throw malformed(field, "must not contain U+0000") }
        // Nothing in ASCII needs a second look.
        if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed(field) }
        return text
    }

    private static func malformed(
        _ field: String, _ rule: String = "must be valid percent-encoded UTF-8"
    ) -> Problem {
        .invalid(field.filter { $0.isLetter || $0.isNumber }, "INVALID_ARGUMENT", rule: rule)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
