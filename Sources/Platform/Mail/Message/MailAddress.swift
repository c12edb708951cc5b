/// An address that can stand in an envelope and in a header: it holds no control characters, no white space and none of
/// the signs that have a meaning there.
package struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// RFC 5321 allows a path of 256 octets, its angle brackets included.
    private static let longest = 254

    /// Such as `asha@example.org`.
    package let text: String

    /// `nil` for what could not be delivered to, or would change the meaning of a header.
    package init?(_ text: String) {
        // By scalars, as mail servers read it: a sign with an accent is one character in Swift.
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 2, let name = parts.first, let host = parts.last,
            (1...64).contains(String(name).utf8.count), !host.isEmpty,
            text.unicodeScalars.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = text
    }

    /// Of the server itself, at a host that is a constant.
    package static func noReply(at host: StaticString) -> MailAddress {
        MailAddress(known: "no-reply@\(host)")
    }

    private init(known text: String) {
        self.text = text
    }

    package var host: String { text.unicodeScalars.split(separator: "@").last.map { String($0) } ?? "" }

    package var description: String { text }

    /// For lists that administrators read: enough to recognise it, too little to use it.
    package var masked: String { "\(text.prefix(1))***@\(host)" }

    private static func isAllowed(_ symbol: Unicode.Scalar) -> Bool {
        guard !"<>()[],;:\\\"".unicodeScalars.contains(symbol) else { return false }
        switch symbol.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}

/// The sender of a mail: an address, with an optional name.
package struct MailSenderAddress: Sendable, Equatable {
    package let address: MailAddress
    package let name: String?

    /// From `CareSync <no-reply@clinic.example>` or a bare address; `nil` when it is neither.
    package init?(_ text: String) {
        guard let open = text.firstIndex(of: "<") else {
            guard let address = MailAddress(text) else { return nil }
            self.init(address: address, name: nil)
            return
        }
        let name = text[..<open].split(separator: " ").joined(separator: " ")
        let rest = text[text.index(after: open)...]
        guard rest.last == ">", let address = MailAddress(String(rest.dropLast())), MailText.isLine(name),
            name.utf8.count <= 100
        else { return nil }
        self.init(address: address, name: name.isEmpty ? nil : name)
    }

    /// - Parameter name: without control characters.
    package init(address: MailAddress, name: String?) {
        self.address = address
        self.name = name
    }

    /// As configurations write it.
    package var text: String { name.map { "\($0) <\(address)>" } ?? address.text }
}
