import CareSyncCore
import Foundation
import Testing

@Suite("Sorts of texts")
struct TextSortTests {
    /// Swift writes none of these in a literal.
    private static func noncharacter(_ value: UInt32) -> String {
        "a" + (Unicode.Scalar(value).map { String(Character($0)) } ?? "") + "b"
    }

    private static func refused(_ text: String, _ sort: TextSort) -> Bool { sort.complaint(text, limit: 500) != nil }

    @Test(
        "no text has controls, marks that reorder it, separators, or characters that are private or not assigned",
        arguments: [
            "a\u{1B}[31mb", "a\u{0}b", "a\u{7F}b", "a\u{85}b", "a\u{202E}b", "a\u{202A}b", "a\u{2066}b", "a\u{2069}b",
            "a\u{2028}b", "a\u{2029}b", "a\u{E000}b", "a\u{F8FF}b", "a\u{10FFFD}b", "a\u{378}b", noncharacter(0xFFFF),
            noncharacter(0xFDD0),
            "a\u{B}b", "a\u{C}b",
        ])
    func forbidden(_ text: String) {
        for sort in TextSort.allCases { #expect(Self.refused(text, sort), "\(sort)") }
    }

    @Test("line ends and tabs belong in paragraphs only", arguments: ["a\nb", "a\r\nb", "a\tb"])
    func lineEnds(_ text: String) {
        #expect(!Self.refused(text, .paragraph))
        #expect(Self.refused(text, .line))
        #expect(Self.refused(text, .name))
    }

    @Test(
        "a text of nothing that can be seen is none",
        arguments: [
            "\u{2060}", "\u{3164}", "\u{AD}", "\u{200B}\u{200B}", "\u{FEFF}", "\u{115F}\u{1160}", "\u{FFA0}",
            "\u{2800}",
            "\u{301}", "\u{FE0F}", "\u{200D}", " \u{2060} ", "\u{180E}", "\u{E0100}", "\u{20DD}",
        ])
    func invisible(_ text: String) {
        for sort in TextSort.allCases { #expect(Self.refused(text, sort), "\(sort)") }
    }

    @Test("a blank text is absent, and refused where one is needed", arguments: ["", " ", "\n\t", "\u{3000}\u{A0}"])
    func blank(_ text: String) {
        #expect(TextSort.content(of: text) == nil)
        #expect(TextSort.paragraph.complaint(text, limit: 10, needsContent: true) == "must not be blank")
        #expect(TextSort.paragraph.complaint(text, limit: 10) == nil)
    }

    @Test(
        "names and sentences of all scripts pass",
        arguments: [
            "Asha", "O'Neill", "José Núñez", "Nguyễn Thị Minh Khai", "Νίκος", "Юлия", "आशा वर्मा", "அன்பு", "മോഹൻ",
            "محمد", "דוד", "山田太郎", "葛\u{E0100}城", "۝١", "❤\u{FE0F}\u{200D}🔥", "김민수", "ศรีสุดา", "Ⅳ", "-", "Dr. Strange 2",
            "a\u{301}",
        ])
    func legal(_ text: String) {
        for sort in TextSort.allCases { #expect(sort.complaint(text, limit: 500, needsContent: true) == nil) }
    }

    @Test("joiners are legal inside words, at the end of a word behind a virama, and inside an emoji")
    func joiners() {
        for text in [
            "می\u{200C}خواهم", "क्\u{200D}ष", "അവന്\u{200D}", "র\u{200D}্য", "👨\u{200D}👩\u{200D}👧",
            "👩🏽\u{200D}⚕\u{FE0F}",
        ] {
            for sort in TextSort.allCases { #expect(!Self.refused(text, sort), "\(text)") }
        }
        for text in ["\u{200D}Asha", "Asha\u{200D}", "Asha \u{200C}Rao", "a\u{200C}\u{200C}b", "Asha\u{200D}, Rao"] {
            for sort in TextSort.allCases { #expect(Self.refused(text, sort), "\(text)") }
        }
    }

    @Test(
        "a name has nothing invisible in it",
        arguments: [
            "As\u{AD}ha", "As\u{2060}ha", "As\u{200B}ha", "A\u{3164}B", "As\u{34F}ha", "ក\u{17B4}", "ក\u{17B5}",
            "ᠠ\u{180B}", "ᠠ\u{180F}", "As\u{FFF9}ha", "As\u{FFFA}ha", "As\u{FFFB}ha", "As\u{2800}ha",
            "As\u{FE0F}ha", "Ward 1\u{FE0F}", "As\u{E0100}ha", "As\u{13430}ha", "As\u{1D173}ha",
            "As\u{200C}ha", "As\u{200D}ha", "Ю\u{200D}лия", "山\u{200C}田", "आ\u{200D}a", "a\u{200D}आ", "1\u{200D}2",
        ])
    func hidden(_ text: String) {
        #expect(Self.refused(text, .name))
        #expect(!Self.refused(text, .line))
    }

    @Test("lengths count scalars")
    func length() {
        #expect(TextSort.line.complaint("नमस्त", limit: 5) == nil)
        #expect(TextSort.line.complaint("नमस्ते", limit: 5) == "must have at most 5 characters")
        let tail = "a" + String(repeating: "\u{301}", count: 10)
        #expect(TextSort.line.complaint(tail, limit: 10) == "must have at most 10 characters")
    }

    @Test("the pattern of the schema lets through what the rule does, and refuses what it can say")
    func patterns() throws {
        for sort in TextSort.allCases {
            for needsContent in [true, false] {
                let pattern = try NSRegularExpression(pattern: sort.pattern(needsContent: needsContent))
                func matches(_ text: String) -> Bool {
                    let whole = NSRange(text.startIndex..., in: text)
                    return pattern.firstMatch(in: text, range: whole)?.range == whole
                }
                for text in ["Asha", "O'Neill", " a ", "आशा वर्मा", "می\u{200C}خواهم", "👨\u{200D}👩\u{200D}👧"] {
                    #expect(matches(text), "\(sort) \(text)")
                }
                for text in ["a\u{1B}b", "a\u{202E}b", "a\u{2028}b", "a\u{E000}b", "a\u{2069}b"] {
                    #expect(!matches(text), "\(sort) \(text)")
                }
                #expect(matches(" ") != needsContent)
                #expect(matches("") != needsContent)
                #expect(matches("a\nb") == (sort == .paragraph))
                #expect(matches("a\u{AD}b") == (sort != .name))
            }
        }
    }
}
