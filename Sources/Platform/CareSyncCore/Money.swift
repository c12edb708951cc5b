package import Foundation

/// An amount in the currency's minor unit (paise), so that sums are exact; two-decimal JSON numbers on the wire.
package struct Money: Hashable, Sendable, Comparable {
    package let minorUnits: Int64

    package init(minorUnits: Int64) {
        self.minorUnits = minorUnits
    }

    package static let zero = Money(minorUnits: 0)

    /// Amounts within 1e-6 of a minor unit are rounded half up, as clients compute in binary floating point; anything else,
    /// and anything beyond 10^12 units, is not an amount.
    package init?(decimal: Decimal) {
        let minor = decimal * 100
        // Foundation orders NaN below every number.
        guard !minor.isNaN, abs(minor) <= 100_000_000_000_000 else { return nil }
        var rounded = Decimal()
        var source = minor
        NSDecimalRound(&rounded, &source, 0, .plain)
        guard abs(rounded - minor) <= Decimal(sign: .plus, exponent: -6, significand: 1) else { return nil }
        minorUnits = NSDecimalNumber(decimal: rounded).int64Value
    }

    package static func < (left: Self, right: Self) -> Bool { left.minorUnits < right.minorUnits }
    package static func + (left: Self, right: Self) -> Self { Self(minorUnits: left.minorUnits + right.minorUnits) }
    package static func - (left: Self, right: Self) -> Self { Self(minorUnits: left.minorUnits - right.minorUnits) }
}

extension Money: CustomStringConvertible {
    /// `500.00`
    package var description: String {
        let amount = minorUnits.magnitude
        let cents = amount % 100
        return "\(minorUnits < 0 ? "-" : "")\(amount / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}

extension Money: Codable {
    package init(from decoder: any Decoder) throws {
        guard let money = Money(decimal: try decoder.singleValueContainer().decode(Decimal.self)) else {
            throw InvalidValue("must be an amount with at most two decimals")
        }
        self = money
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Decimal(minorUnits) / 100)
    }
}

extension Money: WireScalar {
    package static var wireType: WireType { WireType(.number, text: "An amount of money with at most two decimals.") }
    package static var sample: Self { Money(minorUnits: 50_000) }
}
