import CareSyncCore
import Foundation
import Testing

@Suite("Money")
struct MoneyTests {
    @Test(
        "amounts within a millionth of a paisa are taken",
        arguments: [
            ("0", 0), ("500", 50_000), ("500.0", 50_000), ("500.00", 50_000), ("0.01", 1), ("-12.34", -1_234),
            ("0.30000000000000004", 30), ("0.29999999999999999", 30), ("19.999999999", 2_000), ("1e3", 100_000),
            ("0.010000009", 1), ("1000000000000", 100_000_000_000_000), ("-1000000000000", -100_000_000_000_000),
        ] as [(String, Int64)])
    func taken(_ text: String, _ minorUnits: Int64) throws {
        #expect(Money(decimal: try decimal(text)) == Money(minorUnits: minorUnits))
    }

    @Test(
        "anything else is refused",
        arguments: ["0.005", "0.015", "0.001", "0.0100001", "-0.005", "1000000000000.01", "1e30", "-1e30", "1e-4"])
    func refused(_ text: String) throws {
        #expect(Money(decimal: try decimal(text)) == nil)
    }

    @Test("not a number is no amount")
    func notANumber() {
        #expect(Money(decimal: .nan) == nil)
    }

    @Test("text and JSON have two decimals at most")
    func text() throws {
        #expect(Money(minorUnits: 50_005).description == "500.05")
        #expect(Money(minorUnits: -5).description == "-0.05")
        #expect(Money(minorUnits: .min).description == "-92233720368547758.08")
        #expect(try Wire.encode([Money(minorUnits: 50_050)]) == "[500.5]")
        #expect(try Wire.decode([Money].self, "[500.5]") == [Money(minorUnits: 50_050)])
        #expect(throws: InvalidValue.self) { try Wire.decode([Money].self, "[0.005]") }
    }

    @Test("sums are exact")
    func sums() {
        let dime = Money(minorUnits: 10)
        #expect(Array(repeating: dime, count: 3).reduce(.zero, +) == Money(minorUnits: 30))
        #expect(dime - Money(minorUnits: 20) == Money(minorUnits: -10))
        #expect(Money.zero < dime)
    }

    private func decimal(_ text: String) throws -> Decimal {
        try #require(Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")))
    }
}
