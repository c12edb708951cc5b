import CareSyncCore

/// Which addresses a profile may name (rules/profiles 8).
struct LinkPolicy: Sendable {
    /// Columns hold no more.
    static let longest = 255

    /// What the addresses of this server begin with.
    let base: String

    /// Whether the address leads to this server, however it is written.
    func isOwn(_ text: String) -> Bool { Self.origin(of: text) == Self.origin(of: base) }

    /// The address of a picture: the one that the upload of the caller's picture has put into the profile. Throws 400
    /// otherwise.
    static func requirePicture(_ text: String, uploaded: String?) throws {
        guard let uploaded, TextSort.trimmed(text) == uploaded else {
            throw Problem.invalid(
                "imageUrl", "INVALID_ARGUMENT", rule: "must be the address of the picture you have uploaded")
        }
    }

    /// What is wrong with an address that is to be written, as the end of a sentence; `nil` when nothing is. Those of this
    /// server are written by uploads alone.
    func complaint(_ text: String) -> String? {
        if isOwn(text) { return "must not be an address of this server" }
        return Self.isHTTPS(text) ? nil : "must be an address that begins with https://"
    }

    /// Scheme and host in lower case, without the port that goes without saying; `nil` for what has neither.
    private static func origin(of text: String) -> String? {
        let text = text.lowercased()
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
            return scheme + (host.hasSuffix(port) ? host.dropLast(port.count) : host)
        }
        return nil
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
