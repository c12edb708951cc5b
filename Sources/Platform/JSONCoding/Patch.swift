/// A field of a partial update: not mentioned, set to null, or given a value.
///
/// Declare it as `var email: Patch<String>`; synthesised decoding yields `.absent` for a missing key.
package enum Patch<Value> {
    case absent
    case null
    case value(Value)

    /// Whether the request mentions the field at all.
    package var isPresent: Bool {
        if case .absent = self { false } else { true }
    }

    /// The new value; `nil` both for null and when absent.
    package var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// What happens to the current value.
    package func applied(to current: Value?) -> Value? {
        switch self {
        case .absent: current
        case .null: nil
        case .value(let value): value
        }
    }
}

extension Patch: Sendable where Value: Sendable {}
extension Patch: Equatable where Value: Equatable {}
extension Patch: Hashable where Value: Hashable {}

extension Patch: Decodable where Value: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = container.decodeNil() ? .null : .value(try container.decode(Value.self))
    }
}

extension Patch: Encodable where Value: Encodable {
    /// Writes `null` when absent too: every field of a body is present.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

extension KeyedDecodingContainer {
    /// Preferred over the general method by synthesised code, because it is more specialised.
    package func decode<Value: Decodable>(_ type: Patch<Value>.Type, forKey key: Key) throws -> Patch<Value> {
        guard contains(key) else { return .absent }
        return try decodeIfPresent(Value.self, forKey: key).map { .value($0) } ?? .null
    }
}
