/// The elements of one list.
struct JSONListEncoding: UnkeyedEncodingContainer {
    let encoding: JSONEncoding
    let place: JSONEncoding.Place

    var codingPath: [any CodingKey] { [] }
    var count: Int { encoding.count(of: place) }

    func encodeNil() throws {
        try encoding.element(of: place)
        encoding.writer.null()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try encoding.element(of: place)
        try encoding.encode(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let inner = encoding.openElement(.object, of: place)
        return KeyedEncodingContainer(JSONObjectEncoding<Nested>(encoding: encoding, place: inner))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONListEncoding(encoding: encoding, place: encoding.openElement(.list, of: place))
    }

    func superEncoder() -> any Encoder {
        JSONValueEncoder(encoding: encoding, place: encoding.openElement(.slot, of: place))
    }
}

extension JSONListEncoding {
    func encode(_ value: Bool) throws {
        try encoding.element(of: place)
        encoding.writer.bool(value)
    }

    func encode(_ value: String) throws {
        try encoding.element(of: place)
        encoding.writer.text(value)
    }

    func encode(_ value: Double) throws {
        try encoding.element(of: place)
        try encoding.double(value)
    }

    func encode(_ value: Float) throws {
        try encoding.element(of: place)
        try encoding.float(value)
    }

    func encode(_ value: Int) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int8) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int16) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int32) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: Int64) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt8) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt16) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt32) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }

    func encode(_ value: UInt64) throws {
        try encoding.element(of: place)
        encoding.writer.integer(value)
    }
}
