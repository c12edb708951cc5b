import CareSyncCore
import Foundation
import JSONCoding

/// SplitMix64: the same documents for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func text() -> String {
        let alphabet: [String] = [
            "a", "Z", "7", " ", "\"", "\\", "/", "\n", "\t", "\r", "\u{1}", "\u{8}", "\u{C}", "\u{1F}", "\u{7F}", "é",
            "क", "\u{2028}", "😀", "e\u{301}", "<", "&", "\u{10FFFF}", "plain words ",
        ]
        let length = chance(10) ? Int.random(in: 20..<90, using: &self) : Int.random(in: 0..<12, using: &self)
        return (0..<length).map { _ in alphabet.randomElement(using: &self) ?? "" }.joined()
    }

    mutating func double() -> Double {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return Double(Int.random(in: -1000...1000, using: &self))
        case 1: return Double.random(in: -1e6...1e6, using: &self)
        case 2: return Double.random(in: -1...1, using: &self) * 1e-9
        default:
            let value = Double(bitPattern: next())
            return value.isFinite ? value : 0.1
        }
    }

    mutating func maybe<Value>(_ make: (inout SeededGenerator) -> Value) -> Value? {
        chance(40) ? nil : make(&self)
    }
}

enum Shade: String, Codable, CaseIterable {
    case red = "RED"
    case green = "GREEN"
    case blue = "BLUE"
}

struct Leaf: Codable, Equatable {
    var name: String
    var shade: Shade
    var small: Int8
    var price: Money?
}

/// One field for each way a value can travel.
struct Sample: Codable, Equatable {
    var id: PatientID
    var text: String
    var note: String?
    var whole: Int
    var wide: Int64?
    var unsigned: UInt64
    var byte: UInt8?
    var ratio: Double
    var half: Float?
    var flag: Bool
    var maybeFlag: Bool?
    var price: Money
    var exact: Decimal
    var day: LocalDate?
    var at: LocalDateTime
    var instant: Instant
    var shade: Shade?
    var leaf: Leaf?
    var leaves: [Leaf]
    var names: [String]
    var gaps: [Int?]
    var grid: [[Double]]
    var byName: [String: Leaf]
    var byNumber: [Int: String]

    init(using random: inout SeededGenerator) {
        id = PatientID(Int64.random(in: PatientID.bounds, using: &random))
        text = random.text()
        note = random.maybe { $0.text() }
        whole = Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random)
        wide = random.maybe { Int64(truncatingIfNeeded: $0.next()) }
        unsigned = random.next() >> UInt64.random(in: 0..<64, using: &random)
        byte = random.maybe { UInt8(truncatingIfNeeded: $0.next()) }
        ratio = random.double()
        half = random.maybe { Float.random(in: -100...100, using: &$0) }
        flag = random.chance(50)
        maybeFlag = random.maybe { $0.chance(50) }
        price = Money(minorUnits: Int64.random(in: -1_000_000...1_000_000, using: &random))
        exact = Decimal(
            sign: .plus, exponent: Int.random(in: -8...2, using: &random),
            significand: Decimal(Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)))
        day = random.maybe { LocalDate(daysSinceEpoch: Int.random(in: 0..<40_000, using: &$0)) }
        let milliseconds = Int64.random(in: 0..<4_000_000_000_000, using: &random)
        instant = Instant(microseconds: milliseconds * 1_000)
        at = LocalDateTime(utc: Instant(microseconds: milliseconds / 7 * 1_000))
        shade = random.maybe { Shade.allCases.randomElement(using: &$0) ?? .red }
        leaf = random.maybe { Leaf(using: &$0) }
        leaves = Self.some(&random) { Leaf(using: &$0) }
        names = Self.some(&random) { $0.text() }
        gaps = Self.some(&random) { random in random.maybe { Int.random(in: -9...9, using: &$0) } }
        grid = Self.some(&random) { random in Self.some(&random) { $0.double() } }
        byName = [:]
        for _ in 0..<Int.random(in: 0..<20, using: &random) { byName[random.text()] = Leaf(using: &random) }
        byNumber = [Int.random(in: -50...50, using: &random): random.text()]
    }

    private static func some<Value>(
        _ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> Value
    ) -> [Value] {
        var values: [Value] = []
        for _ in 0..<Int.random(in: 0..<5, using: &random) { values.append(make(&random)) }
        return values
    }
}

extension Leaf {
    init(using random: inout SeededGenerator) {
        name = random.text()
        shade = Shade.allCases.randomElement(using: &random) ?? .red
        small = Int8(truncatingIfNeeded: random.next())
        price = random.maybe { Money(minorUnits: Int64.random(in: 0...99_999, using: &$0)) }
    }
}

// MARK: - Asking for outcomes

func encoded(_ value: some Encodable) throws -> String {
    String(decoding: try JSONBodyEncoder.encode(value), as: UTF8.self)
}

func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONBodyDecoder.decode(type, from: [UInt8](text.utf8))
}

/// The refusal as `path message`, or the value's description when there is none.
func refusal<Value: Decodable>(_ type: Value.Type, _ text: String) -> String {
    do {
        return "accepted \(try decoded(type, text))"
    } catch let failure as JSONDecodingFailure {
        return failure.fieldErrors.map { "\($0.field) \($0.message)" }.joined(separator: "; ")
    } catch let error as JSONSyntaxError {
        return "\(error.path) \(error.message)"
    } catch {
        return "unexpected \(error)"
    }
}

/// The fault of the scan; `nil` when the document is accepted.
func fault(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) -> JSONSyntaxError? {
    do {
        _ = try JSONDocument(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

func fault(_ text: String) -> JSONSyntaxError? { fault([UInt8](text.utf8)) }
