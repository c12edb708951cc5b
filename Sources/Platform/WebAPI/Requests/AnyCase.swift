import CareSyncCore

/// A word of a closed set that a client may write in any case.
package struct AnyCase<Value: RawRepresentable & CaseIterable & Codable & Sendable>: Codable, Sendable, DescribedAs
where Value.RawValue == String {
    package let value: Value

    package init(_ value: Value) {
        self.value = value
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self).uppercased()
        guard let value = Value.allCases.first(where: { $0.rawValue.uppercased() == text }) else {
            throw InvalidValue("must be one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.rawValue)
    }

    package static var described: any Decodable.Type { Value.self }
    /// `nil` for a set without words, of which there is none.
    package static var sample: AnyCase? { Value.allCases.first.map(AnyCase.init) }
}
