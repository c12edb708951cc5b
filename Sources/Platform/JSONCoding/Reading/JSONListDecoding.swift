/// The elements of one list, from the first to the last.
struct JSONListDecoding: UnkeyedDecodingContainer {
    let document: JSONDocument
    private let node: UInt32
    private var next: UInt32
    private(set) var currentIndex = 0

    init(document: JSONDocument, node: Int) {
        self.document = document
        self.node = UInt32(node)
        next = UInt32(node) + 1
    }

    var codingPath: [any CodingKey] { document.codingPath(to: Int(node)) }
    var count: Int? { document.count(of: Int(node)) }
    var isAtEnd: Bool { currentIndex >= document.count(of: Int(node)) }

    private func current() throws -> Int {
        guard !isAtEnd else { throw document.failure(at: Int(node), adding: currentIndex, "is required") }
        return Int(next)
    }

    private mutating func advance() {
        next = document.nodes[Int(next)].next
        currentIndex += 1
    }

    /// Moves past the element only when it could be read, as the protocol asks.
    private mutating func taking<Value>(_ read: (Int) throws -> Value) throws -> Value {
        let value = try read(try current())
        advance()
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard document.isNull(try current()) else { return false }
        advance()
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try document.decode(type, at: try current())
        advance()
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let document = document
        return try taking { try JSONValueDecoder(document: document, node: $0).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let document = document
        return try taking { try JSONValueDecoder(document: document, node: $0).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        let document = document
        return try taking { JSONValueDecoder(document: document, node: $0) }
    }
}

extension JSONListDecoding {
    mutating func decode(_ type: Bool.Type) throws -> Bool {
        let value: Bool = try document.bool(try current())
        advance()
        return value
    }

    mutating func decode(_ type: String.Type) throws -> String {
        let value: String = try document.text(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Double.Type) throws -> Double {
        let value: Double = try document.floating(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Float.Type) throws -> Float {
        let value: Float = try document.floating(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Int.Type) throws -> Int {
        let value: Int = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Int8.Type) throws -> Int8 {
        let value: Int8 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Int16.Type) throws -> Int16 {
        let value: Int16 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Int32.Type) throws -> Int32 {
        let value: Int32 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: Int64.Type) throws -> Int64 {
        let value: Int64 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: UInt.Type) throws -> UInt {
        let value: UInt = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
        let value: UInt8 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
        let value: UInt16 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
        let value: UInt32 = try document.integer(try current())
        advance()
        return value
    }

    mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
        let value: UInt64 = try document.integer(try current())
        advance()
        return value
    }
}
