/// The place of one value: what its `encode(to:)` is given.
struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
    let encoding: JSONEncoding
    let place: JSONEncoding.Place

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let inner = encoding.open(.object, in: place)
        return KeyedEncodingContainer(JSONObjectEncoding<Key>(encoding: encoding, place: inner))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONListEncoding(encoding: encoding, place: encoding.open(.list, in: place))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws {
        try encoding.fill(place)
        encoding.writer.null()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try encoding.fill(place)
        try encoding.encode(value)
    }
}

extension JSONValueEncoder {
    func encode(_ value: Bool) throws {
        try encoding.fill(place)
        encoding.writer.bool(value)
    }

    func encode(_ value: String) throws {
        try encoding.fill(place)
        encoding.writer.text(value)
    }

    func encode(_ value: Double) throws {
        try encoding.fill(place)
        try encoding.double(value)
    }

    func encode(_ value: Float) throws {
        try encoding.fill(place)
        try encoding.float(value)
    }

    func encode(_ value: Int) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int8) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int16) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int32) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int64) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt8) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt16) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt32) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt64) throws {
        try encoding.fill(place)
        encoding.writer.integer(value)
    }
}
