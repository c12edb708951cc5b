import CareSyncCore
import Foundation
import Testing

@Suite("Keys of texts")
struct TextKeyTests {
    @Test(
        "case, composition, width, blanks and the marks of Latin, Greek and Cyrillic letters do not matter",
        arguments: [
            ("José Núñez", "jose nunez"), ("Jose\u{301}", "jose"), ("STRASSE", "strasse"), ("Straße", "strasse"),
            ("STRAẞE", "strasse"), ("ΝΊΚΟΣ", "νικοσ"), ("Νίκος", "νικοσ"), ("Français  X", "francais x"),
            (" Français\u{A0}X\n", "francais x"), ("Émile", "emile"), ("Ｅｍｉｌｅ", "emile"), ("ﬁn", "fin"),
            ("İpek Işık", "ipek isik"), ("ışık", "isik"), ("Ёлкин", "елкин"), ("Nguyễn", "nguyen"),
            ("Łukasz Ørsted", "lukasz orsted"), ("Đặng", "dang"),
            ("Æther Œuvre", "aether oeuvre"), ("Ħal Guðrún Þór", "hal gudrun thor"), ("Ǿ", "o"), ("ǣ", "ae"),
            ("Å", "a"),
            ("\u{212B}", "a"), ("ΐ", "ι"), ("ᾳ", "α"), ("", ""), (" \t ", ""), ("A\u{AD}B", "ab"),
        ])
    func folds(_ text: String, _ key: String) {
        #expect(TextKey.folded(text) == key)
        #expect(TextKey.folded(TextKey.folded(text)) == key)
    }

    @Test("marks of other scripts are letters of theirs", arguments: ["हिन्दी", "हिन", "தமிழ்", "ไทย", "が", "שָׁלוֹם"])
    func keepsMarks(_ text: String) {
        let marks = { (text: String) in
            text.decomposedStringWithCanonicalMapping.unicodeScalars.filter {
                $0.properties.canonicalCombiningClass != .notReordered
            }
        }
        #expect(Array(marks(TextKey.folded(text))) == Array(marks(text)))
    }

    @Test("a kana with its mark is another one, a letter with a mark behind a sign keeps it")
    func distinct() {
        #expect(TextKey.folded("が") != TextKey.folded("か"))
        #expect(TextKey.folded("हिन्दी") != TextKey.folded("हन्दी"))
        #expect(TextKey.folded("m%\u{301}z").unicodeScalars.map(\.value) == [0x6D, 0x25, 0x301, 0x7A])
    }

    @Test("a name is found by its words, and by what follows a hyphen, an apostrophe or a dot")
    func words() {
        #expect(TextKey.words(of: "Asha Verma") == ["asha", "verma"])
        #expect(TextKey.words(of: "O'Neill") == ["oneill", "neill"])
        #expect(TextKey.words(of: "O’Neill") == ["oneill", "neill"])
        #expect(TextKey.words(of: "O\u{B4}Neill") == ["oneill", "neill"])
        #expect(TextKey.words(of: "Jean-Paul  Müller-Öz") == ["jeanpaul", "paul", "mulleroz", "oz"])
        #expect(TextKey.words(of: "R.K. Rao") == ["rk", "k", "rao"])
        #expect(TextKey.words(of: "-") == ["-"])
        #expect(TextKey.words(of: "100% Rao") == ["100%", "rao"])
    }

    @Test(
        "punctuation between words parts them, with and without a blank",
        arguments: [
            "Vermal, Ashani", "Vermal,Ashani", "Vermal; Ashani", "Vermal (Ashani)", "Vermal/Ashani", "Vermal “Ashani”",
            "Vermal: Ashani!", "«Vermal» [Ashani]", "Vermal，Ashani", "Vermal、Ashani", "Vermal, , Ashani,",
        ])
    func separators(_ text: String) {
        #expect(TextKey.words(of: text) == ["vermal", "ashani"])
        #expect(TextKey.wholeWords(of: text) == ["vermal", "ashani"])
        #expect(TextKey.searchWords(text) == ["vermal", "ashani"])
    }

    @Test("by whole words a name is also found by each part of a word")
    func wholeWords() {
        #expect(TextKey.wholeWords(of: "Anne-Marie O'Neill") == ["annemarie", "anne", "marie", "oneill", "o", "neill"])
        #expect(TextKey.wholeWords(of: "-") == ["-"])
        #expect(TextKey.wholeWords(of: "आशा वर्मा") == ["आशा", "वर्मा"])
    }

    @Test(
        "titles in front are dropped, with and without a dot, also when nothing follows",
        arguments: [
            ("Dr. Asha", ["asha"]), ("dr asha", ["asha"]), ("Prof. Dr. Verma", ["verma"]), ("Dr.", []), ("dr", []),
            ("Doctor", []), ("doctor", []), ("Prof Dr", []), ("doctor rao", ["rao"]),
            ("Drew", ["drew"]), ("Verma Asha", ["verma", "asha"]), ("Asha Dr", ["asha", "dr"]), ("ONeill", ["oneill"]),
            ("O'Neill", ["oneill"]), ("asha ASHA", ["asha"]), ("  ", []), ("-", ["-"]), ("Müller-Ö", ["mullero"]),
        ])
    func searchWords(_ text: String, _ words: [String]) {
        #expect(TextKey.searchWords(text) == words)
    }

    @Test("every beginning of a word lies between its bounds", arguments: ["a", "oneill", "वर्मा", "m%\u{301}z", "🩺"])
    func bounds(_ prefix: String) {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        let end = bytes(TextKey.end(ofPrefix: prefix))
        for word in [prefix, prefix + "a", prefix + "\u{301}", prefix + "\u{10FFFD}", prefix + "zzz"] {
            #expect(!bytes(word).lexicographicallyPrecedes(bytes(prefix)))
            #expect(bytes(word).lexicographicallyPrecedes(end))
        }
    }

    @Test("wildcards are escaped scalar by scalar")
    func like() {
        #expect(TextKey.likeLiteral("a%b_c!") == "a!%b!_c!!")
        #expect(TextKey.likeLiteral("m%\u{301}z").unicodeScalars.map(\.value) == [0x6D, 0x21, 0x25, 0x301, 0x7A])
    }
}
