import CareSyncCore

/// The published client puts user names into URLs unescaped, so they are plain ASCII.
enum UsernameRules {
    private static let pattern = "^[._-]*[A-Za-z0-9][A-Za-z0-9._-]*$"

    static func rule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .text(minimum: 3, maximum: 50, pattern: pattern)) { complaint(trimmed(text($0))) }
    }

    static func complaint(_ username: String) -> String? {
        let symbols = username.utf8
        guard (3...50).contains(symbols.count), symbols.allSatisfy(isAllowed) else {
            return "must be 3 to 50 letters, digits, dots, underscores or hyphens"
        }
        return symbols.contains(where: isLetterOrDigit) ? nil : "must have a letter or a digit"
    }

    /// Without the white space that a keyboard's suggestion or a copied cell leaves around it.
    static func trimmed(_ username: String) -> String { TextSort.trimmed(username) }

    /// What makes a name unique: two names that differ in case only are the same.
    static func key(_ username: String) -> String {
        String(decoding: username.utf8.map { isUpper($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    private static func isUpper(_ symbol: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(symbol)
    }

    private static func isLetterOrDigit(_ symbol: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAllowed(_ symbol: UInt8) -> Bool {
        isLetterOrDigit(symbol) || symbol == UInt8(ascii: ".") || symbol == UInt8(ascii: "_")
            || symbol == UInt8(ascii: "-")
    }
}
