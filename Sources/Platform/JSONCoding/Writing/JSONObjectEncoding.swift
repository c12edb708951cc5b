/// The members of one object. Every member is written, `null` when there is no value (rules/json 2).
struct JSONObjectEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoding: JSONEncoding
    let place: JSONEncoding.Place

    /// The encoder keeps no record of its path; a failure here is a fault of the program, not of the caller.
    var codingPath: [any CodingKey] { [] }

    @inline(__always)
    private func member(_ key: Key) throws {
        try encoding.member(key.stringValue, of: place)
    }

    func encodeNil(forKey key: Key) throws {
        try member(key)
        encoding.writer.null()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try member(key)
        try encoding.encode(value)
    }

    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        try member(key)
        if let value { try encoding.encode(value) } else { encoding.writer.null() }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        let inner = encoding.open(.object, key: key.stringValue, of: place)
        return KeyedEncodingContainer(JSONObjectEncoding<Nested>(encoding: encoding, place: inner))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        JSONListEncoding(encoding: encoding, place: encoding.open(.list, key: key.stringValue, of: place))
    }

    func superEncoder() -> any Encoder {
        JSONValueEncoder(encoding: encoding, place: encoding.open(.slot, key: "super", of: place))
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        JSONValueEncoder(encoding: encoding, place: encoding.open(.slot, key: key.stringValue, of: place))
    }
}

// MARK: - Primitives
// The protocol asks for one method per type; without them each value would be boxed and sent through `encode(to:)`.

extension JSONObjectEncoding {
    func encode(_ value: Bool, forKey key: Key) throws {
        try member(key)
        encoding.writer.bool(value)
    }

    func encode(_ value: String, forKey key: Key) throws {
        try member(key)
        encoding.writer.text(value)
    }

    func encode(_ value: Double, forKey key: Key) throws {
        try member(key)
        try encoding.double(value)
    }

    func encode(_ value: Float, forKey key: Key) throws {
        try member(key)
        try encoding.float(value)
    }

    func encode(_ value: Int, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int8, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int16, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int32, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int64, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt8, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt16, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt32, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt64, forKey key: Key) throws {
        try member(key)
        encoding.writer.integer(value)
    }
}

extension JSONObjectEncoding {
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.bool(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: String?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.text(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Double?, forKey key: Key) throws {
        try member(key)
        if let value { try encoding.double(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Float?, forKey key: Key) throws {
        try member(key)
        if let value { try encoding.float(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Int?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }

    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws {
        try member(key)
        if let value { encoding.writer.integer(value) } else { encoding.writer.null() }
    }
}
