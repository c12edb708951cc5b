import Foundation

/// A key, secret or password cost of the configuration cannot be used; the message never shows a secret.
package struct KeyConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The end of a sentence that begins with the name of the setting: "has 16 bytes; at least 32 are needed".
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}

/// Base64 text of the configuration.
package enum Base64 {
    /// Decodes the standard and the URL-safe alphabet, padded or not; white space around the text is ignored, because a
    /// secret from a file ends with a line break. `nil` when it is not base64.
    package static func decode(_ text: String) -> [UInt8]? {
        let body = text.trimmed.utf8
        let unpadded = body.reversed().drop { $0 == UInt8(ascii: "=") }.reversed()
        var symbols: [UInt8] = unpadded.map { symbol in
            switch symbol {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: symbol
            }
        }
        let padding = body.count - symbols.count
        let needed = (4 - symbols.count % 4) % 4
        guard needed != 3, padding == 0 || padding == needed else { return nil }
        symbols.append(contentsOf: repeatElement(UInt8(ascii: "="), count: needed))
        return Data(base64Encoded: Data(symbols)).map(Array.init)
    }

    /// Decodes a secret of the configuration, or says what is wrong with it.
    package static func secret(_ text: String) throws -> [UInt8] {
        guard !text.trimmed.isEmpty else { throw KeyConfigurationError("is empty") }
        guard let bytes = decode(text) else { throw KeyConfigurationError("is not base64") }
        return bytes
    }

    package static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }

    /// The URL-safe alphabet without padding.
    package static func urlText(_ bytes: [UInt8]) -> String {
        let symbols = Data(bytes).base64EncodedData().compactMap { symbol -> UInt8? in
            switch symbol {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: symbol
            }
        }
        return String(decoding: symbols, as: UTF8.self)
    }
}

/// One entry of a key list of the form `id:base64,id:base64`.
struct KeyListEntry {
    let id: String
    let bytes: [UInt8]

    /// Parses the whole list; a message names an entry by its position and, once that is known to be one, by its id.
    static func list(_ text: String, checkingSize check: (Int) -> String?) throws -> [KeyListEntry] {
        guard !text.trimmed.isEmpty else { throw KeyConfigurationError("is empty") }
        var entries: [KeyListEntry] = []
        for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let entry = try parse(part, position: index + 1)
            if let complaint = check(entry.bytes.count) {
                throw KeyConfigurationError("entry \(index + 1) ('\(entry.id)') \(complaint)")
            }
            guard !entries.contains(where: { $0.id == entry.id }) else {
                throw KeyConfigurationError("entry \(index + 1) ('\(entry.id)') repeats an id")
            }
            guard !entries.contains(where: { constantTimeEquals($0.bytes, entry.bytes) }) else {
                throw KeyConfigurationError("entry \(index + 1) ('\(entry.id)') repeats the key of another entry")
            }
            entries.append(entry)
        }
        return entries
    }

    private static func parse(_ part: Substring, position: Int) throws -> KeyListEntry {
        guard let colon = part.firstIndex(of: ":") else {
            throw KeyConfigurationError("entry \(position) is not of the form id:base64")
        }
        let id = String(part[..<colon]).trimmed
        guard isID(id) else {
            throw KeyConfigurationError("entry \(position) needs an id of 1 to 32 letters, digits, '_' or '-'")
        }
        guard let bytes = Base64.decode(String(part[part.index(after: colon)...])) else {
            throw KeyConfigurationError("entry \(position) ('\(id)') is not base64 after the colon")
        }
        return KeyListEntry(id: id, bytes: bytes)
    }

    static func isID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.allSatisfy(isIDSymbol)
    }

    private static func isIDSymbol(_ symbol: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
