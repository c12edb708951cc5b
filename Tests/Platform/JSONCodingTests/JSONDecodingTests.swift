import CareSyncCore
import Foundation
import JSONCoding
import Testing

private struct Test1: Codable {
    var name: String
    var price: Double
    var shade: Shade?
    var count: Int?
    var on: Bool?
    var day: LocalDate?
}

private struct Order: Codable {
    var id: PatientID
    var tests: [Test1]
    var names: [String: Int]?
}

private enum Secret: String, Codable { case only = "hidden" }
private enum Level: Int, Codable, CaseIterable {
    case low = 1
    case high = 2
}

private struct Pair<Value: Codable>: Codable { var a: Value }

@Suite("JSON decoding")
struct JSONDecodingTests {
    @Test("a value of the wrong type is refused with its path and what it must be")
    func namesTheField() {
        func order(_ test: String, id: String = "7") -> String {
            refusal(Order.self, "{\"id\":\(id),\"tests\":[{\"name\":\"x\",\"price\":1},\(test)]}")
        }
        #expect(order(#"{"name":"x","price":"1"}"#) == "tests[1].price must be a number")
        #expect(order(#"{"name":"x"}"#) == "tests[1].price is required")
        #expect(order(#"{"name":null,"price":1}"#) == "tests[1].name is required")
        #expect(order(#"{"name":5,"price":1}"#) == "tests[1].name must be text")
        #expect(order(#"{"name":"x","price":1,"count":1.0}"#) == "tests[1].count must be a whole number")
        #expect(order(#"{"name":"x","price":1,"count":1e2}"#) == "tests[1].count must be a whole number")
        #expect(order(#"{"name":"x","price":1,"count":"1"}"#) == "tests[1].count must be a whole number")
        #expect(order(#"{"name":"x","price":1,"on":1}"#) == "tests[1].on must be true or false")
        #expect(order(#"{"name":"x","price":1e999}"#) == "tests[1].price is out of range")
        #expect(order(#"{"name":"x","price":1,"shade":"PINK"}"#) == "tests[1].shade must be one of RED, GREEN, BLUE")
        #expect(order(#"{"name":"x","price":1,"shade":3}"#) == "tests[1].shade must be text")
        #expect(order(#"{"name":"x","price":1,"day":"soon"}"#) == "tests[1].day must be a date such as 2026-03-01")
        #expect(order("null") == "tests[1] is required")
        #expect(order("[]") == "tests[1] must be an object")
        #expect(order(#"{"name":"x","price":1}"#, id: "0") == "id must be a whole number from 1 to 9007199254740991")
        #expect(refusal(Order.self, #"{"id":1,"tests":{}}"#) == "tests must be a list")
        #expect(refusal(Order.self, #"{"id":1,"tests":[],"names":{"a b":true}}"#) == "names.? must be a whole number")
        #expect(refusal(Order.self, "null") == " must be an object")
        #expect(refusal(Order.self, "[]") == " must be an object")
        #expect(refusal([Order].self, "7") == " must be a list")
    }

    @Test("an enumeration without a list of its cases keeps them to itself")
    func hidesCases() {
        #expect(refusal(Pair<Secret>.self, #"{"a":"x"}"#) == "a has an unknown value")
        #expect(refusal(Pair<Level>.self, #"{"a":3}"#) == "a must be one of 1, 2")
        #expect(refusal(Pair<UUID>.self, #"{"a":"x"}"#) == "a is not valid")
    }

    @Test("a refusal never repeats the value")
    func keepsValuesToItself() {
        for text in [#"{"a":"4711"}"#, #"{"a":4711}"#, #"{"a":[4711]}"#, #"{"a":{"b":4711}}"#] {
            for refused in [
                refusal(Pair<Shade>.self, text), refusal(Pair<Secret>.self, text), refusal(Pair<UUID>.self, text),
                refusal(Pair<LocalDate>.self, text), refusal(Pair<Bool>.self, text),
                refusal(Pair<URL>.self, "{\"a\":\"\"}"),
            ] { #expect(!refused.contains("4711") && refused.hasPrefix("a ")) }
        }
    }

    @Test("whole numbers are read to the last value of their type and not beyond")
    func checksRanges() throws {
        #expect(try decoded([Int8].self, "[-128,127,-0]") == [-128, 127, 0])
        #expect(refusal(Int8.self, "128") == " must be a whole number from -128 to 127")
        #expect(refusal(Int8.self, "-129") == " must be a whole number from -128 to 127")
        #expect(refusal(UInt8.self, "-1") == " must be a whole number from 0 to 255")
        #expect(refusal(UInt8.self, "256") == " must be a whole number from 0 to 255")
        #expect(try decoded([Int64].self, "[-9223372036854775808,9223372036854775807]") == [.min, .max])
        #expect(refusal(Int64.self, "9223372036854775808").contains("must be a whole number from"))
        #expect(try decoded(UInt64.self, "18446744073709551615") == .max)
        #expect(refusal(UInt64.self, "18446744073709551616").contains("must be a whole number from"))
    }

    @Test("a decimal is exactly the number that is written")
    func readsDecimalsExactly() throws {
        for text in [
            "0", "0.1", "-0.1", "500.00", "0.30000000000000004", "12345678901234567890123456789012345678",
            "1.2345678901234567890123456789012345678", "-99999999999999999999.999", "1000000", "0.000000000000000001",
        ] {
            #expect(try decoded(Decimal.self, text) == Decimal(string: text), "\(text)")
        }
        #expect(try decoded(Decimal.self, "12e3") == 12_000)
        #expect(try decoded(Decimal.self, "1.25E-1") == Decimal(string: "0.125"))
        #expect(try decoded(Decimal.self, "0e999") == 0)
        #expect(try decoded(Money.self, "29.99") == Money(minorUnits: 2999))
        #expect(refusal(Decimal.self, "1.23456789012345678901234567890123456789") == " has too many digits")
        #expect(refusal(Decimal.self, "1e999") == " has too many digits")
        #expect(refusal(Decimal.self, "1e99999999999999999999") == " has too many digits")
        for exponent in [Int.min, .min + 1, -1_001, 1_001, .max] {
            #expect(refusal(Pair<Money>.self, #"{"a":1e\#(exponent)}"#) == "a has too many digits")
        }
        #expect(refusal(Pair<Decimal>.self, #"{"a":"1"}"#) == "a must be a number")
        #expect(refusal(Pair<Money>.self, #"{"a":1.005}"#) == "a must be an amount with at most two decimals")
    }

    @Test("unknown keys are ignored, escapes in keys are not")
    func readsKeys() throws {
        #expect(try decoded(Pair<Int>.self, #"{"x":[{"a":9}],"\u0061":5,"y":{}}"#).a == 5)
        #expect(try decoded(Pair<String>.self, #"{"a":"\u00e9\ud83d\ude00\/\n\u0008"}"#).a == "é😀/\n\u{8}")
        #expect(try decoded([String: Int].self, #"{"b":1,"a":2,"😀":3}"#) == ["b": 1, "a": 2, "😀": 3])
        #expect(try decoded([Int: String].self, #"{"4":"x"}"#) == [4: "x"])
        #expect(refusal([Int: String].self, #"{"four":"x"}"#) == "four has the wrong type")
    }

    @Test("a dictionary of 100,000 members is read")
    func readsLargeDictionaries() throws {
        let members = (0..<100_000).map { "\"key\($0)\":{\"a\":\($0)}" }.joined(separator: ",")
        let read = try JSONBodyDecoder.decode([String: Pair<Int>].self, from: Array("{\(members)}".utf8))
        #expect(read.count == 100_000)
        #expect(read["key99999"]?.a == 99_999)
    }

    @Test("nested containers and super decoders are read by hand too")
    func readsByHand() throws {
        #expect(try decoded(ByHand.self, #"{"list":[1,[2,3],{"k":4},null,5],"in":{"k":6},"super":7,"k":8}"#).sum == 36)
        let refusals = [
            #"{"list":[1,[2]]}"#: "list[1][1] is required",
            #"{"list":[1,[2,3],{"k":"4"},null,5]}"#: "list[2].k must be a whole number",
            #"{"list":[1,[2,3],{"k":4},null,5],"in":{}}"#: "in.k is required",
            #"{"list":[1,[2,3],{"k":4},null,5],"in":{"k":6}}"#: "super is required",
        ]
        for (text, message) in refusals { #expect(refusal(ByHand.self, text) == message) }
    }
}

private struct ByHand: Decodable {
    var sum = 0

    enum Keys: String, CodingKey {
        case list
        case inner = "in"
        case k
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        sum += try list.decode(Int.self)
        var inner = try list.nestedUnkeyedContainer()
        while inner.currentIndex < 2 { sum += try inner.decode(Int.self) }
        sum += try list.nestedContainer(keyedBy: Keys.self).decode(Int.self, forKey: .k)
        #expect(try list.decodeNil() && !list.decodeNil())
        sum += try list.superDecoder().singleValueContainer().decode(Int.self)
        #expect(list.isAtEnd && list.count == 5)
        sum += try container.nestedContainer(keyedBy: Keys.self, forKey: .inner).decode(Int.self, forKey: .k)
        sum += try container.superDecoder().singleValueContainer().decode(Int.self)
        sum += try container.superDecoder(forKey: .k).singleValueContainer().decode(Int.self)
    }
}
