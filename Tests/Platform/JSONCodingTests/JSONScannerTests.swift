import JSONCoding
import Testing

@Suite("JSON scan")
struct JSONScannerTests {
    @Test(
        "a strict document is accepted",
        arguments: [
            "{}", "[]", "0", "-0", "null", "true", "false", "\"\"", " \t\r\n[ ] ", "[1,2]", "{\"a\":{\"b\":[null]}}",
            "-0.0", "1e5", "1E+5", "1.5e-07", "123456789012345678901234567890", "[[],{},\"\"]",
            #""\"\\\/\b\f\n\r\t""#, #""\u00e9\u20AC""#, #""\ud83d\ude00""#, "\"é क 😀 \u{7F} \u{2028}\"",
            "{\"\":1}", "{\"a\":1,\"A\":2}", "{\"e\u{301}\":1,\"é\":2}", "[1 , 2]", "{ \"a\" : 1 }", "\"\u{FEFF}\"",
        ])
    func accepts(_ text: String) {
        #expect(fault(text) == nil)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", " ", "[", "]", "{", "}", "[1,]", "[,1]", "[1,,2]", "{\"a\":1,}", "{,}", "[1 2]", "{\"a\" 1}",
            "{\"a\":}",
            "{\"a\"}", "{a:1}", "{'a':1}", "{1:2}", "{null:1}", "[1", "{\"a\":1", "{\"a\":[}", "[}", "{]", "[1]]",
            "[] []",
            "01", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+", "-", "--1", "0x1F", "1_000", "NaN", "Infinity",
            "-Infinity",
            "1,5", "1 2", "True", "nul", "nulll", "tru", "undefined", "// a\n1", "/* a */1", "1#",
            "\"", "\"a", "'a'", "\"\\\"", #""\a""#, #""\u12""#, #""\u12G4""#, #""\x41""#, #""\U0041""#, "\"\\",
            "\"a\nb\"", "\"a\tb\"", "\"\u{1F}\"", "\u{FEFF}1", "\u{A0}1", "\u{0C}1", "\u{0B}1",
            #""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud83d\n""#, #""\ud83dx""#, #""\ude00\ud83d""#,
            "\"\u{0}\"", #""\u0000""#, #"{"\u0000":1}"#, "\u{0}", "1\u{0}",
            "{\"a\":1,\"a\":1}", #"{"a":1,"\u0061":2}"#, "[{\"b\":{\"a\":1,\"c\":2,\"a\":3}}]", "{\"a\":1 \"b\":2}",
        ])
    func refuses(_ text: String) {
        #expect(fault(text) != nil)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC3], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE],
            [0xFF], [0xC3, 0x28], [0xF0, 0x9F, 0x98, 0x22], [0xE2, 0x82, 0xAC, 0xAC],
        ] as [[UInt8]])
    func refusesMalformedUTF8(_ bytes: [UInt8]) {
        for padding in [0, 3, 8, 13] {
            let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22]
            #expect(fault(text)?.message == "is not valid UTF-8")
            #expect(fault([0x7B] + text + [0x3A, 0x31, 0x7D])?.message == "is not valid UTF-8")
        }
        #expect(fault(bytes) != nil)
    }

    @Test("UTF-16 and UTF-32 are refused")
    func refusesOtherEncodings() {
        #expect(fault([0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]) != nil)
        #expect(fault([0x5B, 0x00, 0x5D, 0x00]) != nil)
        #expect(fault([0x00, 0x00, 0x00, 0x31]) != nil)
    }

    @Test("a refusal names its place")
    func namesThePlace() {
        let cases: [(String, String, String, Int)] = [
            ("{\"a\":1,}", "", "must have its keys in double quotes", 7),
            ("{\"items\":[1,{\"name\":01}]}", "items[1].name", "has a number with a leading zero", 20),
            ("{\"items\":[0,0,{\"name\":1,\"name\":2}]}", "items[2].name", "has a duplicate key", 24),
            ("{\"a\":[true,\"x\\u0000\"]}", "a[1]", "has the character U+0000", 13),
            ("{\"a\":1 \"b\":2}", "", "must have a comma or } after a value", 7),
            ("{\"what ever\":[x]}", "?[0]", "has something that is not a JSON value", 14),
            ("[[1,2],[3 4]]", "[1][1]", "must have a comma or ] after a value", 10),
            ("{\"a\":[1", "a[1]", "ends too early", 7),
            ("", "", "is empty", 0),
            ("1 1", "", "has something after its value", 2),
        ]
        for (text, path, message, offset) in cases {
            #expect(fault(text) == JSONSyntaxError(message: message, path: path, byteOffset: offset))
        }
    }

    @Test("32 levels are read, 33 are not")
    func limitsDepth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(fault(nested(32)) == nil)
        #expect(fault(nested(33))?.message == "is nested deeper than 32 levels")
        #expect(fault(String(repeating: "{\"a\":", count: 32) + "1" + String(repeating: "}", count: 32)) == nil)
        #expect(fault(String(repeating: "{\"a\":", count: 33))?.message == "is nested deeper than 32 levels")
        #expect(fault(String(repeating: "[", count: 1_000_000))?.byteOffset == 32)
        #expect(fault("[" + Array(repeating: nested(31), count: 50).joined(separator: ",") + "]") == nil)
    }

    @Test("the number of values and the length of a number are bounded")
    func limitsSize() {
        let limits = JSONLimits(nodes: 4, numberLength: 3)
        #expect(fault([UInt8]("[1,2,3]".utf8), limits) == nil)
        #expect(fault([UInt8]("[1,2,3,4]".utf8), limits)?.message == "has too many values")
        #expect(fault([UInt8]("1234".utf8), limits)?.message == "has a number that is too long")
    }

    @Test("duplicates are found in large objects, through escapes too")
    func findsDuplicatesInLargeObjects() {
        let members = (0..<100_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        #expect(fault("{\(members)}") == nil)
        #expect(fault("{\(members),\"key77777\":1}")?.path == "key77777")
        #expect(fault("{\(members),\"\\u006bey0\":1}")?.message == "has a duplicate key")
        let escaped = (0..<2_000).map { "\"\\u006b\($0)\":\($0)" }.joined(separator: ",")
        #expect(fault("{\(escaped)}") == nil)
        #expect(fault("{\(escaped),\"k1999\":1}")?.path == "k1999")
    }

    @Test("each pair among few keys is compared", arguments: 2...20)
    func comparesEachPair(_ count: Int) {
        for (first, second) in [(0, 1), (0, count - 1), (count - 2, count - 1)] where first != second {
            var keys = (0..<count).map { "k\($0)" }
            #expect(fault("{" + keys.map { "\"\($0)\":[1,{\"a\":0}]" }.joined(separator: ",") + "}") == nil)
            keys[second] = keys[first]
            #expect(
                fault("{" + keys.map { "\"\($0)\":[1,{\"a\":0}]" }.joined(separator: ",") + "}")?.path == "k\(first)")
        }
    }

    @Test("a text of a megabyte is read")
    func readsLongTexts() throws {
        let long = String(repeating: "0123456789é", count: 90_000)
        #expect(try decoded(String.self, "\"\(long)\"") == long)
        #expect(try decoded(String.self, try encoded(long)) == long)
        #expect(try decoded(String.self, "\"" + String(repeating: "\\n", count: 500_000) + "\"").utf8.count == 500_000)
    }
}
