import CareSyncCore
import Foundation
import Mail

/// An e-mail address as it is stored, and the key that makes it unique.
struct EmailAddress: Equatable, Sendable {
    static let maximumLength = 100
    static let complaint = "must be an e-mail address of at most \(maximumLength) characters"

    /// Without white space around it; characters that can be written in several ways have taken one form.
    let text: String
    /// The text in lower case.
    let key: String

    static func rule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .format("email")) { EmailAddress(text($0)) == nil ? complaint : nil }
    }

    /// The address of a field that ``rule(_:_:)`` has passed.
    static func required(_ text: String) throws -> EmailAddress {
        guard let address = EmailAddress(text) else {
            throw Problem.validation([FieldError(field: "email", message: complaint)])
        }
        return address
    }

    /// `nil` when it is not an address of the form `name@host`.
    init?(_ raw: String) {
        // Normalising costs time in proportion to the length, so what is far too long is refused first.
        guard raw.utf8.count <= 4 * Self.maximumLength + 100 else { return nil }
        text = raw.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCompatibilityMapping
        key = text.lowercased().precomposedStringWithCompatibilityMapping
        // What no mail could be sent to is no address either.
        guard Self.isAddress(text), key.unicodeScalars.count <= Self.maximumLength, MailAddress(text) != nil else {
            return nil
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard text.unicodeScalars.count <= maximumLength, parts.count == 2, let name = parts.first,
            let host = parts.last
        else { return false }
        return (1...64).contains(name.count) && name.allSatisfy(isVisible) && host.allSatisfy(isHostSymbol)
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isHostLabel)
    }

    private static func isVisible(_ symbol: Unicode.Scalar) -> Bool {
        guard !"<>()[],;:\\\"".unicodeScalars.contains(symbol) else { return false }
        switch symbol.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    private static func isHostSymbol(_ symbol: Unicode.Scalar) -> Bool {
        symbol == "." || symbol == "-" || symbol.properties.isAlphabetic || symbol.properties.numericType == .decimal
            || symbol.properties.generalCategory == .nonspacingMark
    }

    private static func isHostLabel(_ label: Substring.UnicodeScalarView.SubSequence) -> Bool {
        !label.isEmpty && label.first != "-" && label.last != "-"
    }
}
