import CareSyncCore

/// Which addresses a profile may name (rules/profiles 8).
struct LinkPolicy: Sendable {
    /// Columns hold no more.
    static let longest = 255

    /// What the addresses of this server begin with, a slash at the end.
    private let base: String

    /// - Parameter base: what links begin with, without a slash at the end.
    init(base: String) {
        self.base = base + "/"
    }

    /// Whether this server hands out what the address names.
    func isOwn(_ text: String) -> Bool {
        text.hasPrefix(base) && text.utf8.count > base.utf8.count && Self.isPlain(text) && !text.contains("/../")
    }

    /// The address of a picture: one that this server has given out. Throws 400 otherwise.
    func requirePicture(_ text: String) throws -> String {
        let address = TextSort.trimmed(text)
        guard isOwn(address), address.utf8.count <= Self.longest else {
            throw Problem.invalid("imageUrl", "INVALID_ARGUMENT", rule: "must be the address of an uploaded picture")
        }
        return address
    }

    /// What is wrong with an address that leads elsewhere, as the end of a sentence; `nil` when nothing is.
    func complaint(_ text: String) -> String? {
        isOwn(text) || Self.isHTTPS(text) ? nil : "must be an address that begins with https://"
    }

    /// `https`, a host without a user in front, and nothing that a browser would read in another way.
    private static func isHTTPS(_ text: String) -> Bool {
        let scheme = "https://"
        guard text.prefix(scheme.count).lowercased() == scheme, isPlain(text) else { return false }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, isHost(host) else { return false }
        guard parts.count == 2 else { return true }
        return UInt16(parts[1]).map { $0 > 0 } ?? false
    }

    private static func isHost(_ host: Substring) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    private static func isLetterOrDigit(_ symbol: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// Visible ASCII without quotes, brackets and backslashes: an address is written with percent signs.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }
    }
}
