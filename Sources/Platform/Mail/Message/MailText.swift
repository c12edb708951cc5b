/// What may stand in a line of a mail.
package enum MailText {
    /// Whether a text holds no control characters, line ends or invisible marks that change how it reads.
    package static func isLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { !isForbidden($0) }
    }

    /// The text as one line: every run of characters that may not stand there becomes a space. At most `limit` characters.
    package static func line(_ text: String, limit: Int = 200) -> String {
        var line = String.UnicodeScalarView()
        for symbol in text.unicodeScalars {
            if line.count == limit { break }
            if !isForbidden(symbol) {
                line.append(symbol)
            } else if line.last != " ", !line.isEmpty {
                line.append(" ")
            }
        }
        if line.last == " " { line.removeLast() }
        return String(line)
    }

    /// The text as content or as a quoted attribute of HTML. It goes by code points, as browsers do.
    package static func escapedForHTML(_ text: String) -> String {
        var escaped = ""
        for symbol in text.unicodeScalars {
            switch symbol {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(symbol)
            }
        }
        return escaped
    }

    /// Besides control characters also those that reverse or hide what stands beside them.
    private static func isForbidden(_ symbol: Unicode.Scalar) -> Bool {
        switch symbol.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
        // Joiners shape the letters of Indian scripts; the other format characters have no use in a line.
        case .format: symbol != "\u{200C}" && symbol != "\u{200D}"
        default: false
        }
    }
}
