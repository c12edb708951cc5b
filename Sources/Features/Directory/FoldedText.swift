import Foundation

/// Texts as they are compared: without regard to case, however their accents are composed, and with one letter i: the
/// Turkish capital with a dot and the small letter without one are found by whoever types the plain letter.
enum FoldedText {
    static func key(_ text: String) -> String {
        let trimmed = trimmed(text)
        guard !isASCII(trimmed) else { return trimmed.lowercased() }
        return trimmed.lowercased().precomposedStringWithCanonicalMapping
            .replacing("i\u{307}", with: "i").replacing("\u{131}", with: "i")
    }

    /// Without white space at both ends.
    static func trimmed(_ text: String) -> String {
        guard text.first?.isWhitespace == true || text.last?.isWhitespace == true else { return text }
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// Whether a person could not see part of it: control and direction-override characters.
    static func hidesCharacters(_ text: String) -> Bool {
        text.unicodeScalars.contains {
            switch $0.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
            }
        }
    }

    private static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }
}
