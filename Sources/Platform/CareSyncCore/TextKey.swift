import Foundation

/// The keys by which names and other values are compared, found and sorted.
package enum TextKey {
    /// Compatibility forms taken apart and composed again (NFKC), case folded in full (`ß` is `ss`), runs of white space
    /// one blank, and without the marks of Latin, Greek and Cyrillic letters. Marks of other scripts are part of what they
    /// stand on: Indic vowels are marks. The Turkish `İ` and `ı` become the plain letter, and so do Latin
    /// letters with a stroke or joined ones, which no form takes apart: `ł` is `l`, `æ` is `ae`.
    package static func folded(_ text: String) -> String {
        if let plain = foldedASCII(text) { return plain }
        var result = String.UnicodeScalarView()
        var losesMarks = false
        var isBlankDue = false
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
            if scalar.properties.isWhitespace {
                isBlankDue = !result.isEmpty
                losesMarks = false
                continue
            }
            if scalar.properties.isDefaultIgnorableCodePoint { continue }
            let isMark = isMark(scalar)
            if isMark && losesMarks { continue }
            if isBlankDue { result.append(" ") }
            isBlankDue = false
            if isMark {
                result.append(scalar)
            } else {
                losesMarks = isLatinGreekOrCyrillic(scalar)
                result.append(contentsOf: caseFolded(scalar))
            }
        }
        return String(result).precomposedStringWithCompatibilityMapping
    }

    /// The words by whose beginnings a name is found, folded. A hyphen, an apostrophe or a dot inside a word may be left
    /// out, and what follows it begins a word too: O'Neill is found as `oneill` and as `neill`.
    package static func words(of name: String) -> Set<String> {
        var words: Set<String> = []
        for token in tokens(of: name) {
            let parts = token.split(whereSeparator: isJoint).map(String.init)
            if parts.isEmpty { words.insert(String(token)) }
            for start in parts.indices { words.insert(parts[start...].joined()) }
        }
        return words
    }

    /// The words by which a name is found when whole words are asked for: ``words(of:)``, and what a hyphen, an apostrophe
    /// or a dot parts by itself. Anne-Marie is found as `annemarie`, as `anne` and as `marie`.
    package static func wholeWords(of name: String) -> Set<String> {
        let parts = tokens(of: name).flatMap { $0.split(whereSeparator: isJoint).map(String.init) }
        return words(of: name).union(parts)
    }

    /// The words somebody looks for, folded, each once, without the titles in front; a title alone leaves none, with and
    /// without its dot. Each of them has to begin one of ``words(of:)``, or to be one of ``wholeWords(of:)``.
    package static func searchWords(_ text: String) -> [String] {
        var tokens = tokens(of: text)[...]
        while let first = tokens.first {
            if isTitle(first) {
                tokens.removeFirst()
            } else if let rest = afterTitle(first) {
                tokens[tokens.startIndex] = rest
            } else {
                break
            }
        }
        var words: [String] = []
        for token in tokens {
            let joined = token.split(whereSeparator: isJoint).map(String.init).joined()
            let word = joined.isEmpty ? String(token) : joined
            if !words.contains(word) { words.append(word) }
        }
        return words
    }

    /// The first text that does not begin with `prefix`, in the order of scalars: with `prefix` itself, the bounds of a
    /// range of an index. No text has the last scalar, which stands for no character.
    package static func end(ofPrefix prefix: String) -> String { prefix + "\u{10FFFF}" }

    /// A text inside a pattern of SQL's `LIKE … ESCAPE '!'`, standing for itself. It goes by scalars: a wildcard with an
    /// accent is one character in Swift and two for a database.
    package static func likeLiteral(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "!" || scalar == "%" || scalar == "_" { result.append("!") }
            result.append(scalar)
        }
        return String(result)
    }

    // MARK: Parts

    private static func tokens(of text: String) -> [Substring.UnicodeScalarView] {
        // A lone acute accent, typed for an apostrophe, would decompose into a blank and a mark.
        let text = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value == 0xB4 ? "'" : $0 }))
        let folded = folded(text).unicodeScalars
        let words = folded.split { $0 == " " || isSeparator($0) }
        // Nothing but punctuation is looked for as it stands.
        return words.isEmpty ? folded.split(separator: " ") : words
    }

    /// Punctuation that stands between words with or without a blank, such as the comma of "Verma, Asha".
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        guard !isJoint(scalar) else { return false }
        switch scalar.properties.generalCategory {
        case .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation: return true
        case .otherPunctuation: return !"%&@#*".unicodeScalars.contains(scalar)
        default: return scalar == "|"
        }
    }

    private static func isTitle(_ token: Substring.UnicodeScalarView) -> Bool {
        let word = String(token)
        return titles.contains(word.hasSuffix(".") ? String(word.dropLast()) : word)
    }

    /// What follows a title that no blank parts from the name.
    private static func afterTitle(_ token: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView? {
        guard let dot = token.firstIndex(of: "."), titles.contains(String(token[..<dot])) else { return nil }
        let rest = token[token.index(after: dot)...]
        return rest.isEmpty ? nil : rest
    }

    private static let titles: Set<String> = ["dr", "prof", "professor", "doctor"]

    /// What joins the parts of one word of a name.
    private static func isJoint(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x27, 0x2E, 0x60, 0xB7, 0x2B9, 0x2BB, 0x2BC, 0x2018, 0x2019, 0x201B, 0x2032, 0x30FB: return true
        default: return scalar.properties.generalCategory == .dashPunctuation
        }
    }

    private static func foldedASCII(_ text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var isBlankDue = false
        for byte in text.utf8 {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                isBlankDue = !bytes.isEmpty
                continue
            }
            if isBlankDue { bytes.append(0x20) }
            isBlankDue = false
            bytes.append((0x41...0x5A).contains(byte) ? byte + 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Full case folding by way of the three mappings that the standard library has: `ẞ`, `ß` and `SS` all become `ss`.
    private static func caseFolded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        scalar.properties.lowercaseMapping.unicodeScalars
            .flatMap(\.properties.uppercaseMapping.unicodeScalars)
            .flatMap(\.properties.lowercaseMapping.unicodeScalars)
            .flatMap { plain[$0] ?? [$0] }
    }

    /// What is typed for letters that have no decomposition.
    private static let plain: [Unicode.Scalar: [Unicode.Scalar]] = [
        "ł": ["l"], "ø": ["o"], "đ": ["d"], "ð": ["d"], "ħ": ["h"], "ŧ": ["t"], "ı": ["i"],
        "æ": ["a", "e"], "œ": ["o", "e"], "þ": ["t", "h"],
    ]

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    private static func isLatinGreekOrCyrillic(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xAA, 0xBA, 0xC0...0x24F, 0x250...0x2AF, 0x1D00...0x1D7F, 0x1E00...0x1EFF,
            0x2C60...0x2C7F, 0xA720...0xA7FF, 0xAB30...0xAB6F,
            0x370...0x3FF, 0x1F00...0x1FFF,
            0x400...0x52F, 0x1C80...0x1C8F, 0xA640...0xA69F:
            scalar.properties.isAlphabetic
        default: false
        }
    }
}
