/// User names are put into addresses unescaped by the published client, so they are plain ASCII.
enum UsernameRules {
    static let pattern = "^[A-Za-z0-9._-]{3,50}$"

    static func complaint(_ username: String) -> String? {
        let symbols = username.utf8
        return (3...50).contains(symbols.count) && symbols.allSatisfy(isAllowed)
            ? nil : "must be 3 to 50 letters, digits, dots, underscores or hyphens"
    }

    /// What makes a name unique: two names that differ in case only are the same.
    static func key(_ username: String) -> String {
        String(decoding: username.utf8.map { isUpper($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    private static func isUpper(_ symbol: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(symbol)
    }

    private static func isAllowed(_ symbol: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
