/// A value that is one JSON string or number, with its OpenAPI schema.
package protocol WireScalar {
    static var wireType: WireType { get }
    /// Any valid value; the schema recorder hands it to `init(from:)` of the enclosing type.
    static var sample: Self { get }
}

/// The JSON Schema of a scalar.
package struct WireType: Sendable, Equatable {
    package enum Kind: String, Sendable { case string, integer, number, boolean }

    package let kind: Kind
    package let format: String?
    package let minimum: Int64?
    package let maximum: Int64?
    package let pattern: String?
    package let example: String?
    /// Request errors do not quote the example, because its date will be in the past some day.
    package let isMoment: Bool
    /// What the value means, such as whose clock it is read from.
    package let text: String?

    package init(
        _ kind: Kind, format: String? = nil, minimum: Int64? = nil, maximum: Int64? = nil, pattern: String? = nil,
        example: String? = nil, isMoment: Bool = false, text: String? = nil
    ) {
        self.kind = kind
        self.format = format
        self.minimum = minimum
        self.maximum = maximum
        self.pattern = pattern
        self.example = example
        self.isMoment = isMoment
        self.text = text
    }
}

/// What is wrong with one value from outside, as the end of a sentence that begins with the field's name:
/// "must be a date such as 2026-03-01". The decoder that met it adds the path.
package struct InvalidValue: Error, Equatable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}
