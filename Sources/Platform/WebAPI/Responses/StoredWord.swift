/// A word of a closed set as it was stored. It is shown as it stands, also when this version does not know it.
package struct StoredWord<Value: RawRepresentable & CaseIterable & Codable & Sendable>: WireValue, DescribedAs
where Value.RawValue == String {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    package static var described: any Decodable.Type { Value.self }
    package static var sample: StoredWord? { Value.allCases.first.map { StoredWord($0.rawValue) } }
}
