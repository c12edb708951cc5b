import CareSyncCore

/// A decoder over one text: what a scalar parameter is read from.
struct TextDecoder: Decoder, SingleValueDecodingContainer {
    let text: String
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw InvalidValue("must be a plain value")
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw InvalidValue("must be a plain value") }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { false }
    func decode(_ type: String.Type) throws -> String { text }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch text {
        case "true": true
        case "false": false
        default: throw InvalidValue("must be true or false")
        }
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard text.utf8.allSatisfy({ $0 < 0x80 && !" xXpPnN".utf8.contains($0) }), let value = Double(text),
            value.isFinite
        else { throw InvalidValue("must be a number") }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func integer<Number: FixedWidthInteger>() throws -> Number {
        guard text.utf8.first != UInt8(ascii: "+"), let value = Number(text) else {
            throw InvalidValue("must be a whole number")
        }
        return value
    }
}
