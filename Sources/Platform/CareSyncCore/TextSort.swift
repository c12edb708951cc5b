/// What sort of text a field holds, which decides the characters it may have. Every free text of a request is of one of
/// these sorts.
///
/// All of them refuse control characters, marks that reorder what is read (U+202A to U+202E, U+2066 to U+2069), line and
/// paragraph separators, and characters that are private or not assigned. U+200C and U+200D are legal inside words, which
/// need them in Persian and in Indic scripts, and between the parts of an emoji; in names only there. A text that is not
/// blank has something that can be seen.
package enum TextSort: Sendable, CaseIterable {
    /// What somebody or something is called. It has nothing invisible in it, because names are compared by eye.
    case name
    /// One line.
    case line
    /// Several lines: line feeds, carriage returns and tabs are legal as well.
    case paragraph

    /// What is wrong with a text, as the end of a sentence that begins with the field's name; `nil` when nothing is.
    ///
    /// - Parameters:
    ///   - limit: in Unicode scalars, which bounds the bytes too: one character as a reader counts them may carry any
    ///     number of accents.
    ///   - needsContent: whether a blank text is refused; otherwise it counts as absent.
    package func complaint(_ text: String, limit: Int, needsContent: Bool = false) -> String? {
        if text.utf8.count > limit, text.unicodeScalars.count > limit { return "must have at most \(limit) characters" }
        if text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.isEmpty { return nil }
        if text.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            return needsContent ? "must not be blank" : nil
        }
        guard text.unicodeScalars.contains(where: Self.isVisible) else {
            return "must have characters that can be seen"
        }
        return hasForbidden(text) ? "must not contain \(forbiddenNames)" : nil
    }

    /// The text without white space around it; `nil` when nothing is left, because a blank text counts as absent.
    package static func content(of text: String?) -> String? {
        guard let text else { return nil }
        let trimmed = trimmed(text)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The content of a text that says how to reach somebody. A dialling code alone, which the published client sends when
    /// nothing was entered, counts as absent.
    package static func contact(of text: String?) -> String? {
        guard let content = content(of: text) else { return nil }
        let isCodeOnly = content.first == "+" && content.count <= 4 && content.dropFirst().allSatisfy(\.isNumber)
        return isCodeOnly ? nil : content
    }

    /// Without white space around it.
    package static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// The rule as far as a regular expression of JSON Schema can say it.
    package func pattern(needsContent: Bool) -> String {
        var refused = #"\u007F-\u009F\u2028-\u202E\u2066-\u2069\uE000-\uF8FF"#
        switch self {
        case .name:
            refused =
                #"\u0000-\u001F"# + refused
                + #"\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u2060\u2800\u3164\uFEFF"#
                + #"\uFFA0\uFFF9-\uFFFB"#
        case .line: refused = #"\u0000-\u001F"# + refused
        case .paragraph: refused = #"\u0000-\u0008\u000B\u000C\u000E-\u001F"# + refused
        }
        return needsContent ? #"^[^\#(refused)]*[^\s\#(refused)][^\#(refused)]*$"# : "^[^\(refused)]*$"
    }

    private var forbiddenNames: String {
        self == .name ? "control characters or characters that cannot be seen" : "control characters"
    }

    private func hasForbidden(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            switch scalars[index].value {
            case 0x20...0x7E: continue
            case 0x09, 0x0A, 0x0D: if self != .paragraph { return true }
            case 0x200C, 0x200D: if !isInsideWord(index, of: scalars) { return true }
            default:
                if isForbidden(scalars[index]) { return true }
                if self == .name, Self.isInvisible(index, of: scalars) { return true }
            }
        }
        return false
    }

    private func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return true
        default: return false
        }
    }

    /// Whether nobody sees the character, by itself or in what stands before it.
    private static func isInvisible(_ index: String.UnicodeScalarView.Index, of text: String.UnicodeScalarView) -> Bool
    {
        let scalar = text[index]
        if scalar.properties.isVariationSelector {
            return index == text.startIndex || !hasForms(text[text.index(before: index)], scalar)
        }
        if scalar.properties.isDefaultIgnorableCodePoint || scalar.value == 0x2800 { return true }
        return scalar.properties.generalCategory == .format && !isNumberSign(scalar)
    }

    /// Whether a variation selector chooses between forms of what it follows: those of ideographs and emoji can be told
    /// apart, and nothing else has any that a name needs.
    private static func hasForms(_ scalar: Unicode.Scalar, _ selector: Unicode.Scalar) -> Bool {
        guard selector.value >= 0xFE00 else { return false }
        return scalar.properties.isIdeographic || scalar.properties.isEmoji && scalar.value > 0x7F
    }

    /// The signs of formatting that are drawn: they stand under or over a number.
    private static func isNumberSign(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x600...0x605, 0x6DD, 0x70F, 0x890...0x891, 0x8E2, 0x110BD, 0x110CD: true
        default: false
        }
    }

    /// Whether a joiner stands between letters or parts of an emoji, or behind a virama, where Malayalam and Bengali end
    /// words with one. In a name the letters are of scripts in which it changes what is seen: between Latin ones it would
    /// make two names of one.
    private func isInsideWord(_ index: String.UnicodeScalarView.Index, of text: String.UnicodeScalarView) -> Bool {
        guard index > text.startIndex else { return false }
        let previous = text[text.index(before: index)]
        guard isJoined(previous) else { return false }
        if previous.properties.canonicalCombiningClass == .virama { return true }
        let next = text.index(after: index)
        return next < text.endIndex && isJoined(text[next])
    }

    private func isJoined(_ scalar: Unicode.Scalar) -> Bool {
        Self.isWordPart(scalar) && (self != .name || Self.isOfJoiningScript(scalar))
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark:
            true
        default: scalar.properties.isEmoji
        }
    }

    /// Arabic and its relatives, the scripts of India and those that came from them, and emoji with what chooses their form.
    private static func isOfJoiningScript(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x600...0xDFF, 0xF00...0x109F, 0x1700...0x1AAF, 0x1B00...0x1C4F, 0x1CD0...0x1CFF, 0xA800...0xA8FF,
            0xA980...0xAADF, 0xABC0...0xABFF, 0xFB50...0xFDFF, 0xFE0F, 0xFE70...0xFEFC, 0x10A00...0x10FFF,
            0x11000...0x11FFF, 0x1E900...0x1E95F:
            true
        default: scalar.properties.isEmoji && scalar.value > 0x7F
        }
    }

    /// Whether a person sees it, by itself: not white space, not a mark without its letter, not a filler.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator, .nonspacingMark, .spacingMark, .enclosingMark:
            false
        // The Braille pattern without dots is blank.
        default: !scalar.properties.isDefaultIgnorableCodePoint && scalar.value != 0x2800
        }
    }
}
