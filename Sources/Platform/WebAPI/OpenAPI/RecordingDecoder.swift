import CareSyncCore

/// The decoder that notes which fields a type asks for. Used while the document is built, on one thread.
final class RecordingDecoder: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    let enclosing: [ObjectIdentifier]
    fileprivate(set) var fields: [RecordedType.Field] = []
    /// Set when the type decodes itself from one plain value.
    fileprivate(set) var single: RecordedType?

    init(enclosing: [ObjectIdentifier]) {
        self.enclosing = enclosing
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RecordingContainer<Key>(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaRecorder.Failure.cannotRecord("a list of mixed types")
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { RecordingValue(recorder: self) }

    fileprivate func note<Value: Decodable>(_ type: Value.Type, _ name: String, isOptional: Bool) throws -> Value? {
        if enclosing.contains(ObjectIdentifier(type)) {
            add(name, .reference(SchemaRecorder.typeName(type)), isOptional)
            return nil
        }
        let (recorded, sample) = try SchemaRecorder.record(type, enclosing: enclosing)
        add(name, recorded, isOptional)
        return sample
    }

    private func add(_ name: String, _ type: RecordedType, _ isOptional: Bool) {
        let wasAskedFor = fields.firstIndex { $0.name == name }
        if let wasAskedFor {
            fields[wasAskedFor].type = type
        } else {
            fields.append(RecordedType.Field(name: name, type: type, isOptional: isOptional))
        }
    }

    /// Hand-written decoding that asks whether a field is there treats it as optional.
    fileprivate func noteOptional(_ name: String) {
        guard !fields.contains(where: { $0.name == name }) else { return }
        fields.append(RecordedType.Field(name: name, type: .scalar(WireType(.string)), isOptional: true))
    }
}

private struct RecordingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: RecordingDecoder
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool {
        recorder.noteOptional(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard let sample = try recorder.note(type, key.stringValue, isOptional: false) else {
            throw SchemaRecorder.Failure.cannotRecord(key.stringValue)
        }
        return sample
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try recorder.note(type, key.stringValue, isOptional: true)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try recorder.note(type, key.stringValue, isOptional: true)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<
        Nested
    > {
        throw SchemaRecorder.Failure.cannotRecord(key.stringValue)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaRecorder.Failure.cannotRecord(key.stringValue)
    }
    func superDecoder() throws -> any Decoder { throw SchemaRecorder.Failure.cannotRecord("super") }
    func superDecoder(forKey key: Key) throws -> any Decoder {
        throw SchemaRecorder.Failure.cannotRecord(key.stringValue)
    }
}

private struct RecordingValue: SingleValueDecodingContainer {
    let recorder: RecordingDecoder
    let codingPath: [any CodingKey] = []

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let (recorded, sample) = try SchemaRecorder.record(type, enclosing: recorder.enclosing)
        recorder.single = recorded
        return sample
    }
}
