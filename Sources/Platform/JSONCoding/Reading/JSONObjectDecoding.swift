/// The members of one object.
struct JSONObjectDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let document: JSONDocument
    let node: Int

    var codingPath: [any CodingKey] { document.codingPath(to: node) }
    var allKeys: [Key] { document.keys(of: node).compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool {
        document.member(key.stringValue, of: node) != nil
    }

    private func required(_ key: Key) throws -> Int {
        guard let member = document.member(key.stringValue, of: node) else {
            throw document.failure(at: node, adding: key.stringValue, "is required")
        }
        return member
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        document.isNull(try required(key))
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try document.decode(type, at: try required(key))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try JSONValueDecoder(document: document, node: try required(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try JSONValueDecoder(document: document, node: try required(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let member = document.member("super", of: node) else {
            throw document.failure(at: node, adding: "super", "is required")
        }
        return JSONValueDecoder(document: document, node: member)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        JSONValueDecoder(document: document, node: try required(key))
    }
}

extension JSONObjectDecoding {
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try document.bool(try required(key))
    }

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try document.text(try required(key))
    }

    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try document.floating(try required(key))
    }

    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try document.floating(try required(key))
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try document.integer(try required(key))
    }

    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
        try document.integer(try required(key))
    }

    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
        try document.integer(try required(key))
    }

    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
        try document.integer(try required(key))
    }

    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try document.integer(try required(key))
    }

    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
        try document.integer(try required(key))
    }

    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try document.integer(try required(key))
    }

    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try document.integer(try required(key))
    }

    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try document.integer(try required(key))
    }

    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try document.integer(try required(key))
    }
}
