import CareSyncCore
import Foundation
import JSONCoding
import Testing

private struct Absent: Encodable {
    var text: String?
    var whole: Int?
    var flag: Bool?
    var ratio: Double?
    var leaf: Leaf?
    var list: [Int]?
}

private struct Renamed: Encodable {
    let inner: String

    enum CodingKeys: String, CodingKey { case inner = "outer" }
}

private struct Tree: Encodable {
    let name: String
    let branches: [Tree]
}

private class Animal: Encodable {
    var legs = 4
}

private final class Dog: Animal {
    var name = "Rex"
    enum Keys: String, CodingKey { case name }

    override func encode(to encoder: any Encoder) throws {
        try super.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(name, forKey: .name)
    }
}

/// Encodes whatever its closure does, for the corners synthesised code never reaches.
private struct ByHand: Encodable {
    enum Keys: String, CodingKey { case a, b, c }
    let body: (any Encoder) throws -> Void
    func encode(to encoder: any Encoder) throws { try body(encoder) }
}

@Suite("JSON encoding")
struct JSONEncodingTests {
    @Test("absent values are written as null")
    func writesNulls() throws {
        #expect(
            try encoded(Absent()) == #"{"text":null,"whole":null,"flag":null,"ratio":null,"leaf":null,"list":null}"#)
    }

    @Test("values are written in the order of the type, each in its wire form")
    func writesWireForms() throws {
        let leaf = Leaf(name: "a/b", shade: .blue, small: -128, price: Money(minorUnits: 50_000))
        #expect(try encoded(leaf) == #"{"name":"a/b","shade":"BLUE","small":-128,"price":500.00}"#)
        #expect(
            try encoded([Money(minorUnits: -5), .zero, Money(minorUnits: .min)]) == "[-0.05,0.00,-92233720368547758.08]"
        )
        #expect(try encoded(LocalDate("2026-03-01")) == #""2026-03-01""#)
        #expect(try encoded([PatientID(42)]) == "[42]")
        #expect(try encoded([Decimal(string: "0.30"), Decimal(string: "-1e-20")]) == "[0.3,-0.00000000000000000001]")
        #expect(try encoded([4.0, 0.1, 1e-7, 1e300, -0.0]) == "[4.0,0.1,1e-07,1e+300,-0.0]")
        #expect(
            try encoded([Int64.min, Int64.max, 0, 9, 10, 99, 100]).hasPrefix("[-9223372036854775808,922337203685477580")
        )
        #expect(try encoded([UInt64.max]) == "[18446744073709551615]")
        #expect(try encoded(["k": [true, nil, false]]) == #"{"k":[true,null,false]}"#)
        #expect(try encoded([String]()) == "[]")
        #expect(try encoded([String: Int]()) == "{}")
        #expect(try encoded(Dog()) == #"{"legs":4,"name":"Rex"}"#)
    }

    @Test("every power of ten and its neighbours are written digit by digit")
    func writesIntegers() throws {
        var power: UInt64 = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power + 1] { #expect(try encoded(value) == "\(value)") }
            power = power > UInt64.max / 10 ? power : power * 10
        }
    }

    @Test("what must be escaped is escaped, wherever it stands in a text")
    func escapes() throws {
        #expect(
            try encoded("\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}<é😀") == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}<é😀\""
        )
        for length in 0..<20 {
            for place in 0...length {
                let text = String(repeating: "x", count: place) + "\"" + String(repeating: "é", count: length - place)
                #expect(try encoded(text) == "\"" + text.replacing("\"", with: "\\\"") + "\"")
                #expect(try decoded([String: String].self, try encoded([text: text])) == [text: text])
            }
        }
    }

    @Test("numbers that are not finite are refused", arguments: [Double.nan, .infinity, -.infinity])
    func refusesNonFinite(_ value: Double) {
        #expect(throws: EncodingError.self) { try encoded(value) }
        #expect(throws: EncodingError.self) { try encoded([Float(value)]) }
        #expect(throws: EncodingError.self) { try encoded([Decimal.nan]) }
        // A type that swallows the failure does not get half a document out.
        #expect(throws: EncodingError.self) {
            try encoded(
                ByHand {
                    var container = $0.container(keyedBy: ByHand.Keys.self)
                    try? container.encode(value, forKey: .a)
                    try container.encode(1, forKey: .b)
                })
        }
    }

    @Test("nested containers and super encoders are closed where they end")
    func nestsByHand() throws {
        let value = ByHand {
            var container = $0.container(keyedBy: ByHand.Keys.self)
            var list = container.nestedUnkeyedContainer(forKey: .a)
            try list.encode(1)
            var inner = list.nestedContainer(keyedBy: ByHand.Keys.self)
            try inner.encodeNil(forKey: .b)
            _ = list.nestedUnkeyedContainer()
            try [2].encode(to: list.superEncoder())
            #expect(list.count == 4)
            var object = container.nestedContainer(keyedBy: ByHand.Keys.self, forKey: .b)
            try object.encode("x", forKey: .c)
            _ = container.superEncoder()
            try "last".encode(to: container.superEncoder(forKey: .c))
        }
        #expect(
            try encoded([value, value]).hasPrefix(
                #"[{"a":[1,{"b":null},[],[2]],"b":{"c":"x"},"super":{},"c":"last"},{"#))
    }

    @Test("containers used out of sequence are refused")
    func refusesDisorder() {
        let closed = ByHand {
            var container = $0.container(keyedBy: ByHand.Keys.self)
            var first = container.nestedUnkeyedContainer(forKey: .a)
            var second = container.nestedUnkeyedContainer(forKey: .b)
            try second.encode(1)
            try first.encode(2)
        }
        let twice = ByHand {
            var container = $0.singleValueContainer()
            try container.encode(1)
            try container.encode(2)
        }
        let nothing = ByHand { _ in }
        let mixed = ByHand {
            var list = $0.unkeyedContainer()
            try list.encode(1)
            _ = $0.container(keyedBy: ByHand.Keys.self)
        }
        let both = ByHand {
            var container = $0.singleValueContainer()
            try container.encode(1)
            _ = $0.unkeyedContainer()
        }
        for value in [closed, twice, nothing, mixed, both] {
            #expect(throws: EncodingError.self) { try encoded(value) }
            #expect(throws: EncodingError.self) { try encoded(["k": [value]]) }
        }
    }

    @Test("a value that nests without end is refused")
    func limitsDepth() {
        func nested(_ depth: Int) -> ByHand {
            ByHand {
                var list = $0.unkeyedContainer()
                if depth > 0 { try list.encode(nested(depth - 1)) }
            }
        }
        #expect(throws: Never.self) { try encoded(nested(200)) }
        #expect(throws: EncodingError.self) { try encoded(nested(5_000)) }
    }

    @Test("a type writes its members under the names of its coding keys, inside others too")
    func keepsOwnCoding() throws {
        let renamed = Renamed(inner: "x")
        #expect(try encoded(renamed) == #"{"outer":"x"}"#)
        #expect(try encoded(["list": [renamed]]) == #"{"list":[{"outer":"x"}]}"#)
    }

    @Test("a type that contains itself is written")
    func recursion() throws {
        let tree = Tree(name: "root", branches: [Tree(name: "leaf", branches: [])])
        #expect(try encoded(tree) == #"{"name":"root","branches":[{"name":"leaf","branches":[]}]}"#)
    }

    @Test("short decimals are written as Swift describes them")
    func shortDecimals() throws {
        var random = SeededGenerator(seed: 7)
        let chosen: [Double] = [
            0, -0.0, 0.001, 0.0001, 0.00001, 4, 4.5, 4.35, -0.25, 1e14, 1e15, 1e16, 999_999_999.999999, 0.1 + 0.2,
        ]
        let drawn = (0..<20_000).map { _ in
            let divisor = ([1, 10, 1_000, 1e6, 1e7] as [Double]).randomElement(using: &random) ?? 1
            return (Double.random(in: -1e9...1e9, using: &random)).rounded() / divisor
        }
        for value in chosen + drawn {
            let written = try encoded(["ratio": value])
            try #require(written == #"{"ratio":\#(value)}"#)
        }
    }
}
