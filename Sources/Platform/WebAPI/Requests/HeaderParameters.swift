/// Parameters of a header field: `form-data; name="file"; filename="a.pdf"`. Read as bytes, because an accent behind a
/// quote makes one `Character` of both.
struct HeaderParameters {
    /// What stands before the first parameter, in lower case.
    let value: String
    private var parameters: [String: String] = [:]

    init(_ field: String) {
        var rest = Substring(field).utf8
        value = Self.trimmed(rest.prefix { $0 != Self.semicolon }).lowercased()
        rest = rest.drop { $0 != Self.semicolon }
        while !rest.isEmpty {
            rest = rest.dropFirst()
            let end = rest.firstIndex { $0 == UInt8(ascii: "=") || $0 == Self.semicolon } ?? rest.endIndex
            let name = Self.trimmed(rest[..<end]).lowercased()
            rest = rest[end...]
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst()
            let text =
                rest.first == Self.quote ? Self.quoted(&rest) : Self.trimmed(rest.prefix { $0 != Self.semicolon })
            rest = rest.drop { $0 != Self.semicolon }
            if parameters[name] == nil { parameters[name] = text }
        }
    }

    subscript(name: String) -> String? { parameters[name] }

    private static let semicolon = UInt8(ascii: ";")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        var text = text.drop { $0 == UInt8(ascii: " ") }
        while text.last == UInt8(ascii: " ") { text = text.dropLast() }
        return String(Substring(text))
    }

    private static func quoted(_ rest: inout Substring.UTF8View) -> String {
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst(), byte != quote {
            // Browsers escape quotes only; a lone backslash is part of a Windows path.
            if byte == backslash, rest.first == quote {
                rest = rest.dropFirst()
                value.append(quote)
            } else {
                value.append(byte)
            }
        }
        return String(decoding: value, as: UTF8.self)
    }
}
