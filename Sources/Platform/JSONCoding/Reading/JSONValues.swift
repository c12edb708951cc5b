import Foundation

/// Reading single values. A wrong type is a failure that says what the field must be, never what it was.
extension JSONDocument {
    func expect(_ kind: JSONNode.Kind, at node: Int) throws {
        guard nodes[node].kind != kind else { return }
        // At the root null is a value of the wrong type; inside, it is a field left out.
        if isNull(node), node > 0 { throw failure(at: node, "is required") }
        switch kind {
        case .object: throw failure(at: node, "must be an object")
        case .list: throw failure(at: node, "must be a list")
        case .text: throw failure(at: node, "must be text")
        case .number: throw failure(at: node, "must be a number")
        case .bool: throw failure(at: node, "must be true or false")
        case .null: throw failure(at: node, "must be null")
        }
    }

    func bool(_ node: Int) throws -> Bool {
        try expect(.bool, at: node)
        return nodes[node].flag
    }

    func text(_ node: Int) throws -> String {
        try expect(.text, at: node)
        return string(node)
    }

    /// Written as a whole number: `1.0` and `1e3` are refused, because their sender computes in binary fractions.
    func integer<Value: FixedWidthInteger & SendableMetatype>(_ node: Int) throws -> Value {
        if nodes[node].kind != .number, !isNull(node) { throw failure(at: node, "must be a whole number") }
        try expect(.number, at: node)
        guard nodes[node].flag else { throw failure(at: node, "must be a whole number") }
        guard let value: Value = withBytes(of: node, Self.integer) else {
            throw failure(at: node, "must be a whole number from \(Value.min) to \(Value.max)")
        }
        return value
    }

    private static func integer<Value: FixedWidthInteger>(_ text: UnsafeBufferPointer<UInt8>) -> Value? {
        let isNegative = text.first == UInt8(ascii: "-")
        var value: Value = 0
        for byte in text.dropFirst(isNegative ? 1 : 0) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Value(truncatingIfNeeded: byte &- 48)
            let (sum, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    func floating<Value: BinaryFloatingPoint & LosslessStringConvertible>(_ node: Int) throws -> Value {
        try expect(.number, at: node)
        let value = withBytes(of: node) { Value(String(decoding: $0, as: UTF8.self)) }
        guard let value, value.isFinite else { throw failure(at: node, "is out of range") }
        return value
    }

    /// Exactly the number that is written: up to 38 digits, never by way of a binary fraction.
    func decimal(_ node: Int) throws -> Decimal {
        try expect(.number, at: node)
        guard let value = withBytes(of: node, { JSONDecimal($0)?.value }) else {
            throw failure(at: node, "has too many digits")
        }
        return value
    }
}

/// A number taken apart: `significand × 10^exponent`.
private struct JSONDecimal {
    private var significand: UInt128 = 0
    private var exponent = 0
    private var isNegative = false

    /// `nil` when the number needs more than 38 digits or an exponent beyond a `Decimal`'s.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        // Zeros are held back until a digit follows, so that `100` and `1.00` take one digit each.
        var zeros = 0
        var digits = 0
        var isFraction = false
        var index = 0
        loop: while index < text.count {
            switch text[index] {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): break loop
            case UInt8(ascii: "0"):
                zeros += 1
                if isFraction { exponent -= 1 }
            case let digit:
                digits = digits == 0 ? 1 : digits + zeros + 1
                guard digits <= 38 else { return nil }
                for _ in 0..<(digits == 1 ? 0 : zeros) { significand *= 10 }
                significand = significand * 10 + UInt128(digit - 48)
                zeros = 0
                if isFraction { exponent -= 1 }
            }
            index += 1
        }
        if significand == 0 {
            exponent = 0
            return
        }
        exponent += zeros
        if index < text.count {
            let written = String(decoding: text[(index + 1)...], as: UTF8.self)
            guard let shift = Int(written), (-1_000...1_000).contains(shift) else { return nil }
            exponent += shift
        }
        guard (-128...127).contains(exponent) else { return nil }
    }

    var value: Decimal {
        let half: UInt128 = 10_000_000_000_000_000_000
        let (high, low) = significand.quotientAndRemainder(dividingBy: half)
        var whole = Decimal(UInt64(low))
        if high > 0 {
            whole += Decimal(sign: .plus, exponent: 19, significand: Decimal(UInt64(high)))
        }
        return Decimal(sign: isNegative ? .minus : .plus, exponent: exponent, significand: whole)
    }
}
