import CareSyncCore
import CareSyncTesting
import Foundation
import Testing

@testable import Mail

@Suite("MIME")
struct MIMETests {
    private static func lines(_ message: MailMessage) -> [String] {
        String(decoding: MIMEDocument(message).bytes, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test("lines are short ASCII, and none begins with a dot or with From")
    func lineRules() throws {
        let random = SeededRandom(seed: 11)
        let alphabet = Array("aé.F= \t\n\rनम\u{1F600}From ".unicodeScalars)
        for _ in 0..<300 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int(random.next() % 400) {
                text.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
            }
            let lines = Self.lines(try Sample.message(text: String(text), html: String(text)))
            for line in lines {
                #expect(line.utf8.count <= 76)
                #expect(line.utf8.allSatisfy { (32...126).contains($0) || $0 == 9 })
            }
            let body = lines.drop { !$0.isEmpty }
            #expect(
                !body.contains { $0.hasPrefix(".") || $0.hasPrefix("F") || $0.hasSuffix(" ") || $0.hasSuffix("\t") })
        }
    }

    @Test(
        "the date is written as RFC 5322 wants it",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (1_773_115_200, "Tue, 10 Mar 2026 04:00:00 +0000"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 +0000"),
        ])
    func date(_ seconds: Int64, _ text: String) {
        #expect(MIMEDocument.date(Instant(seconds: seconds)) == text)
    }

    @Test("control characters never reach a header")
    func headerInjection() {
        let evil = [
            "a\r\nBcc: x@evil.example", "a\nb", "a\rb", "a\0b", "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "\u{7F}",
        ]
        for text in evil {
            #expect(throws: MailFault.controlCharacters) { try Sample.message(subject: text) }
            #expect(throws: MailFault.controlCharacters) { try Sample.message(id: text) }
            #expect(MailAddress("asha\(text)@example.org") == nil)
            #expect(MailAddress("asha@example.org\(text)") == nil)
            #expect(MailSenderAddress("Care\(text) <no-reply@clinic.example>") == nil)
            #expect(MailText.isLine(MailText.line(text)))
        }
    }

    @Test("a long subject is folded at its blanks and stays readable")
    func folding() throws {
        let subject = "Appointment confirmed: Wednesday, 11 March 2026, 10:00 (America/Argentina/Buenos_Aires)"
        let lines = Self.lines(try Sample.message(subject: subject))
        let start = try #require(lines.firstIndex { $0.hasPrefix("Subject: ") })
        #expect(lines[start].utf8.count <= 76)
        #expect(lines[start] + lines[start + 1] == "Subject: " + subject)
        let word = String(repeating: "x", count: 80)
        #expect(Self.lines(try Sample.message(subject: word)).contains { $0.hasPrefix("Subject: =?UTF-8?B?") })
    }

    @Test("every control character is kept out of addresses and subjects")
    func everyControlCharacter() throws {
        for value in (0..<0x110000).compactMap(Unicode.Scalar.init) where value.properties.generalCategory == .control {
            #expect(MailAddress("a\(value)b@example.org") == nil)
            #expect(throws: MailFault.controlCharacters) { try Sample.message(subject: "a\(value)b") }
        }
    }

    @Test(
        "addresses that mean something else in an envelope are refused",
        arguments: [
            "", "asha", "@example.org", "asha@", "a@b@c", "a@b@\u{301}c", "<asha@example.org>",
            "asha@example.org, x@example.org",
            "\"a b\"@example.org", "a b@example.org", "asha@exa mple.org", "a(b)@example.org",
            String(repeating: "a", count: 65) + "@example.org", "a@" + String(repeating: "b", count: 260),
        ])
    func addresses(_ text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test("a list shows too little of an address to write to it")
    func mask() {
        #expect(MailAddress("asha.verma@example.org")?.masked == "a***@example.org")
    }
}
