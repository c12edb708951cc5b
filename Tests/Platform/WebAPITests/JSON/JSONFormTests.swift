import CareSyncCore
import Foundation
import Testing

@testable import WebAPI

/// One member for each form.
private struct Record: WireResponse {
    let id: PatientID
    let text: String
    let note: String?
    let whole: Int
    let wide: Int64?
    let owner: DoctorID?
    let ratio: Double
    let maybeRatio: Double?
    let flag: Bool
    let maybeFlag: Bool?
    let price: Money
    let maybePrice: Money?
    let day: LocalDate?
    let time: LocalTime
    let at: LocalDateTime
    let instant: Instant?
    let shade: Shade
    let maybeShade: Shade?
    let part: Part
    let maybePart: Part?
    let parts: [Part]
    let names: [String]
    let maybeNames: [String]?
    let small: Int32
    let byName: [String: Int]

    init(using random: inout SeededGenerator) {
        id = PatientID(Int64.random(in: PatientID.bounds, using: &random))
        text = random.text()
        note = random.maybe { $0.text() }
        whole = Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random)
        wide = random.maybe { Int64(truncatingIfNeeded: $0.next()) }
        owner = random.maybe { DoctorID(Int64.random(in: 1...99, using: &$0)) }
        ratio = random.double()
        maybeRatio = random.maybe { $0.double() }
        flag = random.chance(50)
        maybeFlag = random.maybe { $0.chance(50) }
        price = Money(minorUnits: Int64.random(in: -1_000_000...1_000_000, using: &random))
        maybePrice = random.maybe { Money(minorUnits: Int64.random(in: 0...99_999, using: &$0)) }
        day = random.maybe { LocalDate(daysSinceEpoch: Int.random(in: 0..<40_000, using: &$0)) }
        time = LocalTime(hour: Int.random(in: 0..<24, using: &random), minute: Int.random(in: 0..<60, using: &random))
        let seconds = Int64.random(in: 0..<4_000_000_000, using: &random)
        at = LocalDateTime(utc: Instant(seconds: seconds))
        instant = random.maybe { _ in Instant(seconds: seconds) }
        shade = Shade.allCases.randomElement(using: &random) ?? .red
        maybeShade = random.maybe { Shade.allCases.randomElement(using: &$0) ?? .red }
        part = Part(using: &random)
        maybePart = random.maybe { Part(using: &$0) }
        parts = (0..<Int.random(in: 0..<4, using: &random)).map { _ in Part(using: &random) }
        names = (0..<Int.random(in: 0..<4, using: &random)).map { _ in random.text() }
        maybeNames = random.maybe { random in (0..<2).map { _ in random.text() } }
        small = Int32(truncatingIfNeeded: random.next())
        byName = random.chance(50) ? [:] : [random.text(): 1]
    }
}

private struct Part: WireResponse {
    let flag: Bool
    let name: String
    let tiny: Bool?
    let price: Money

    init(using random: inout SeededGenerator) {
        flag = random.chance(50)
        name = random.text()
        tiny = random.maybe { $0.chance(50) }
        price = Money(minorUnits: Int64.random(in: 0...99_999, using: &random))
    }
}

/// Writes its member under another name than the property's.
private struct Renamed: WireResponse {
    let inner: String

    enum CodingKeys: String, CodingKey { case inner = "outer" }
}

private struct HoldsRenamed: WireResponse {
    let list: [Renamed]
    let one: Renamed?
}

private struct Tree: WireResponse {
    let name: String
    let branches: [Tree]
}

@Suite("JSON by form")
struct JSONFormTests {
    @Test("a form writes what the type's own encoding writes")
    func agrees() throws {
        #expect(JSONForms.form(of: Record.self)?.kind == .object)
        #expect(JSONForms.form(of: [Record].self) != nil)
        for seed in 1...2_000 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let records = (0..<2).map { _ in Record(using: &random) }
            let byForm = try JSONBodyEncoder.encode(records)
            let byItself = try JSONBodyEncoder.encodedByItself(records)
            try #require(byForm == byItself, "seed \(seed)")
        }
    }

    @Test("a type with coding of its own has no form, and keeps its coding inside others")
    func keepsOwnCoding() throws {
        #expect(JSONForms.form(of: Renamed.self) == nil)
        let renamed = Renamed(inner: "x")
        let (alone, listed) = (try encoded(renamed), try encoded([renamed]))
        #expect(alone == #"{"outer":"x"}"#)
        #expect(listed == #"[{"outer":"x"}]"#)
        let holder = HoldsRenamed(list: [renamed], one: renamed)
        #expect(try encoded(holder) == #"{"list":[{"outer":"x"}],"one":{"outer":"x"}}"#)
    }

    @Test("a type that contains itself is written")
    func recursion() throws {
        let tree = Tree(name: "root", branches: [Tree(name: "leaf", branches: [])])
        #expect(try encoded(tree) == #"{"name":"root","branches":[{"name":"leaf","branches":[]}]}"#)
    }

    @Test("a number that JSON does not have is refused")
    func refusesInfinity() {
        struct Ratio: WireResponse { let ratio: Double }
        #expect(JSONForms.form(of: Ratio.self) != nil)
        #expect(throws: EncodingError.self) { try JSONBodyEncoder.encode(Ratio(ratio: .infinity)) }
    }

    @Test("short decimals are written as Swift describes them")
    func shortDecimals() throws {
        struct Ratio: WireResponse { let ratio: Double }
        var random = SeededGenerator(seed: 7)
        let chosen: [Double] = [
            0, -0.0, 0.001, 0.0001, 0.00001, 4, 4.5, 4.35, -0.25, 1e14, 1e15, 1e16, 999_999_999.999999, 0.1 + 0.2,
        ]
        let drawn = (0..<20_000).map { _ in
            let divisor = ([1, 10, 1_000, 1e6, 1e7] as [Double]).randomElement(using: &random) ?? 1
            return (Double.random(in: -1e9...1e9, using: &random)).rounded() / divisor
        }
        for value in chosen + drawn {
            let written = try encoded(Ratio(ratio: value))
            try #require(written == #"{"ratio":\#(value)}"#)
        }
    }
}
