import Foundation

/// Rules for what people write about themselves. Lengths are counted in Unicode scalars, which bounds the bytes too:
/// one character as a reader counts them may carry any number of accents.
package enum PersonText {
    /// What is wrong with a text that must be there.
    static func required(_ text: String, _ limit: Int) -> String? {
        if let complaint = line(text, limit) { return complaint }
        return trimmed(text) == nil ? "must not be blank" : nil
    }

    /// What is wrong with a text of one line.
    static func line(_ text: String?, _ limit: Int) -> String? {
        guard let text else { return nil }
        if let complaint = length(text, limit) { return complaint }
        return text.unicodeScalars.contains(where: isForbidden) ? "must not contain control characters" : nil
    }

    /// What is wrong with a text that may have several lines.
    package static func paragraphs(_ text: String?, _ limit: Int) -> String? {
        guard let text else { return nil }
        if let complaint = length(text, limit) { return complaint }
        let isBad = text.unicodeScalars.contains { isForbidden($0) && $0 != "\n" && $0 != "\r" && $0 != "\t" }
        return isBad ? "must not contain control characters" : nil
    }

    /// Without white space around it; `nil` when nothing is left, because an empty text counts as absent.
    static func trimmed(_ text: String?) -> String? {
        guard let text = text?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else { return nil }
        return text
    }

    /// A telephone number or address; a dialling code alone, which the published client sends, counts as absent.
    static func contact(_ text: String?) -> String? {
        guard let text = trimmed(text) else { return nil }
        let isCodeOnly = text.first == "+" && text.count <= 4 && text.dropFirst().allSatisfy(\.isNumber)
        return isCodeOnly ? nil : text
    }

    private static func length(_ text: String, _ limit: Int) -> String? {
        text.unicodeScalars.count <= limit ? nil : "must have at most \(limit) characters"
    }

    /// Control characters, line ends, and marks that make text read in another order than it is stored.
    private static func isForbidden(_ symbol: Unicode.Scalar) -> Bool {
        switch symbol.value {
        case 0x202A...0x202E, 0x2066...0x2069: return true
        default: break
        }
        switch symbol.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}
