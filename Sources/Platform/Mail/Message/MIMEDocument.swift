import CareSyncCore
import Foundation

/// A message in the form of RFC 5322 and 2045: lines of at most 76 bytes, each ended by CR and LF, all of them ASCII
/// unless an address is not.
struct MIMEDocument {
    let bytes: [UInt8]

    init(_ message: MailMessage) {
        // Quoted-printable never writes `=_`, so no part can hold the boundary.
        let boundary = "=_\(message.id)"
        var lines = [
            "Date: \(Self.date(message.date))",
            "From: \(Self.sender(message.from))",
            "To: <\(message.to)>",
            "Subject: \(EncodedWords.text(message.subject, after: 9))",
            "Message-ID: <\(message.messageID)>",
            "MIME-Version: 1.0",
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative;",
            " boundary=\"\(boundary)\"",
            "",
        ]
        // The best form stands last (RFC 2046).
        for (type, content) in [("text/plain", message.text), ("text/html", message.html)] {
            lines += [
                "--\(boundary)", "Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
                "",
            ]
            lines += QuotedPrintable.lines(content)
        }
        lines += ["--\(boundary)--", ""]
        bytes = Array(lines.joined(separator: "\r\n").utf8)
    }

    private static func sender(_ from: MailSenderAddress) -> String {
        guard let name = from.name else { return "<\(from.address)>" }
        return "\(EncodedWords.phrase(name, after: 6)) <\(from.address)>"
    }

    /// Such as `Tue, 10 Mar 2026 04:00:00 +0000`.
    static func date(_ instant: Instant) -> String {
        let seconds = instant.seconds
        let days = seconds.dividedDown(by: 86_400)
        let rest = Int(seconds - days * 86_400)
        let date = LocalDate(daysSinceEpoch: Int(days))
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[Int(((days % 7) + 7) % 7)]
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(weekday), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) \(time) +0000"
    }

    private static func twoDigits(_ number: Int) -> String {
        (number < 10 ? "0" : "") + String(number)
    }
}

/// The encoding of RFC 2045 §6.7.
enum QuotedPrintable {
    /// Lines of at most 76 characters for a text with any kind of line ends. No line begins with a dot, so a relay that
    /// forgets about dots does no harm, nor with `From `, which mailboxes take for the start of a message.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        let normal = text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\r", with: "\n")
        for line in normal.split(separator: "\n", omittingEmptySubsequences: false) {
            lines += encode(Array(line.utf8))
        }
        return lines
    }

    private static func encode(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var line = ""
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let symbol = isPlain(byte, isFirst: line.isEmpty, isLast: isLast) ? plain(byte) : escaped(byte)
            if line.utf8.count + symbol.utf8.count > (isLast ? 76 : 75) {
                lines.append(line + "=")
                // What was plain within a line may not be so at the start of the next.
                line = isPlain(byte, isFirst: true, isLast: isLast) ? plain(byte) : escaped(byte)
            } else {
                line += symbol
            }
        }
        return lines + [line]
    }

    private static func isPlain(_ byte: UInt8, isFirst: Bool, isLast: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "="): false
        case UInt8(ascii: "."), UInt8(ascii: "F"): !isFirst
        case UInt8(ascii: " "), UInt8(ascii: "\t"): !isLast
        default: (33...126).contains(byte)
        }
    }

    private static func plain(_ byte: UInt8) -> String { String(UnicodeScalar(byte)) }

    private static func escaped(_ byte: UInt8) -> String { "=" + Hex.text([byte]).uppercased() }
}

/// Header texts beyond ASCII (RFC 2047).
enum EncodedWords {
    /// A header's text; `width` is what stands before it in its first line.
    static func text(_ text: String, after width: Int) -> String {
        guard isPlain(text), !text.contains("=?"), let folded = fold(text, after: width) else { return encode(text) }
        return folded
    }

    /// Words in lines of at most 76 characters; `nil` when that needs more than to put line ends before blanks.
    private static func fold(_ text: String, after width: Int) -> String? {
        var (folded, room) = ("", 76 - width)
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            guard !word.isEmpty, word.utf8.count < 76 else { return nil }
            if folded.isEmpty {
                guard word.utf8.count <= room else { return nil }
                folded = String(word)
            } else if word.utf8.count < room {
                folded += " " + word
                room -= 1
            } else {
                folded += "\r\n " + word
                room = 75
            }
            room -= word.utf8.count
        }
        return folded
    }

    /// A name before an address.
    static func phrase(_ text: String, after width: Int) -> String {
        let isAtom = text.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: " ") }
        return isAtom && width + text.utf8.count <= 60 ? text : encode(text)
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (32...126).contains($0) } && text.first != " " && text.last != " "
    }

    /// Words of at most 75 characters, folded one to a line, none of which splits a character.
    private static func encode(_ text: String) -> String {
        var chunks: [[UInt8]] = [[]]
        for symbol in text.unicodeScalars {
            let bytes = Array(String(symbol).utf8)
            // 45 bytes are 60 characters of base64, 72 with the frame of the word.
            if (chunks.last?.count ?? 0) + bytes.count > 45 { chunks.append([]) }
            chunks[chunks.count - 1] += bytes
        }
        return chunks.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
