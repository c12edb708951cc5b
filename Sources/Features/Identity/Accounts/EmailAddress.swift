import CareSyncCore
import Foundation
import Mail

/// An e-mail address as it is stored and written to, and the key that makes it unique.
///
/// Two addresses of one key may be two mailboxes: hosts may tell `Anna` from `anna`, and `weiẞ.example` is another host
/// than `weiß.example` for some programs. So an account is found by key, and mail goes to what is stored; what is proved of
/// an address is proved of this very mailbox.
struct EmailAddress: Equatable, Sendable {
    static let maximumLength = 100
    private static let mostBytes = 4 * maximumLength + 100
    private static let complaint = "must be an e-mail address of at most \(maximumLength) characters"
    private static let encodedHostComplaint = "must have its host as people write it, not in its encoded form (xn--)"

    /// Trimmed and normalised.
    let text: String
    /// The mailbox: the text with a host whose ASCII letters are small, which no program tells from capital ones.
    let mailbox: String
    /// The text in lower case, accents kept.
    let key: String

    static func rule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .format("email")) { complaint(about: text($0)) }
    }

    /// The address of a field that ``rule(_:_:)`` has passed.
    static func required(_ text: String) throws -> EmailAddress {
        guard let address = EmailAddress(text) else {
            throw refusal(of: text)
        }
        return address
    }

    static func refusal(of text: String) -> Problem {
        Problem.validation([FieldError(field: "email", message: complaint(about: text) ?? complaint)])
    }

    /// What is wrong with a text; `nil` when it is an address.
    static func complaint(about text: String) -> String? {
        guard EmailAddress(text) == nil else { return nil }
        let isEncoded = text.utf8.count <= mostBytes && key(of: text).contains("xn--")
        return isEncoded ? encodedHostComplaint : complaint
    }

    /// `nil` when it is not an address of the form `name@host`.
    init?(_ raw: String) {
        // Normalising takes time proportional to the length, so overlong text is refused first.
        guard raw.utf8.count <= Self.mostBytes else { return nil }
        text = TextSort.trimmed(raw).precomposedStringWithCompatibilityMapping
        mailbox = Self.withSmallHost(text)
        key = Self.key(of: text)
        // An address that cannot receive mail is refused.
        guard Self.isAddress(text), key.unicodeScalars.count <= Self.maximumLength, MailAddress(text) != nil else {
            return nil
        }
    }

    /// The key of an address, or of a part of one that is searched for.
    static func key(of text: String) -> String {
        let whole = text.precomposedStringWithCompatibilityMapping
        return whole.lowercased().precomposedStringWithCompatibilityMapping
    }

    private static func withSmallHost(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
        let host = text[at...].utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
        return text[..<at] + String(decoding: host, as: UTF8.self)
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard text.unicodeScalars.count <= maximumLength, parts.count == 2, let name = parts.first,
            let host = parts.last
        else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        return (1...64).contains(name.count) && name.allSatisfy(isVisible) && isDotted(name)
            && host.allSatisfy(isHostSymbol) && labels.allSatisfy(isHostLabel)
            // Numbers with dots are no name of a host.
            && labels.last?.allSatisfy { $0.properties.numericType == .decimal } == false
    }

    /// Dots stand between other characters only (RFC 5321, dot-string).
    private static func isDotted(_ name: Substring.UnicodeScalarView) -> Bool {
        name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }

    private static func isVisible(_ symbol: Unicode.Scalar) -> Bool {
        guard !"<>()[],;:\\\"".unicodeScalars.contains(symbol), !isBlank(symbol) else { return false }
        switch symbol.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    /// Two addresses that look alike must not differ by what nobody sees.
    private static func isBlank(_ symbol: Unicode.Scalar) -> Bool {
        symbol.properties.isDefaultIgnorableCodePoint || symbol.value == 0x2800
    }

    private static func isHostSymbol(_ symbol: Unicode.Scalar) -> Bool {
        guard !isBlank(symbol) else { return false }
        return symbol == "." || symbol == "-" || symbol.properties.isAlphabetic
            || symbol.properties.numericType == .decimal
            || symbol.properties.generalCategory == .nonspacingMark
    }

    private static func isHostLabel(_ label: Substring.UnicodeScalarView.SubSequence) -> Bool {
        guard let first = label.first, first.properties.generalCategory != .nonspacingMark else { return false }
        // The encoded form of a label is the same host as its letters, and would make two accounts of one mailbox.
        guard !String(Substring(label)).lowercased().hasPrefix("xn--") else { return false }
        return first != "-" && label.last != "-" && label.count <= 63
    }
}
