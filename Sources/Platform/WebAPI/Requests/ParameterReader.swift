import CareSyncCore
import JSONCoding

/// Decodes path and query values into an endpoint's parameter type: fields named in the path come from the path, the
/// others from the query. Unknown query values are ignored.
enum ParameterReader {
    static func reader<Parameters: Decodable & Sendable>(
        for type: Parameters.Type, pathNames: [String]
    ) -> @Sendable (IncomingRequest) throws -> Parameters {
        if let none = NoParameters() as? Parameters { return { _ in none } }
        return { incoming in
            var values = incoming.pathValues
            let query = try QueryText.pairs(incoming.metadata.query).filter { !pathNames.contains($0.name) }
            values += query
            return try decode(type, values)
        }
    }

    /// Reads named texts, such as the fields of a form, and checks the rules of the type.
    static func decode<Parameters: Decodable>(
        _ type: Parameters.Type, _ values: [(name: String, value: String)]
    ) throws -> Parameters {
        do {
            let parameters = try Parameters(from: ParameterDecoder(values: values))
            try BodyReader.check(parameters)
            return parameters
        } catch let failure as JSONDecodingFailure {
            throw refusal(failure.fieldErrors)
        } catch let problem as Problem where problem.code == "VALIDATION_FAILED" {
            throw refusal(problem.fieldErrors)
        }
    }

    private static func refusal(_ errors: [FieldError]) -> Problem {
        let text = errors.first.map { "\($0.field) \($0.message)." } ?? "The request is not valid."
        return Problem(.badRequest, "INVALID_ARGUMENT", text, fieldErrors: errors)
    }
}

/// A decoder over named texts.
private struct ParameterDecoder: Decoder {
    let values: [(name: String, value: String)]
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ParameterContainer<Key>(values: values))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw InvalidValue("cannot be a list") }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw InvalidValue("has no single value") }
}

private struct ParameterContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: [(name: String, value: String)]
    let codingPath: [any CodingKey] = []

    var allKeys: [Key] { values.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { values.contains { $0.name == key.stringValue } }

    /// An empty value, as in `?gender=`, counts as absent.
    func decodeNil(forKey key: Key) throws -> Bool { try text(key) == nil }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard let text = try text(key) else { throw failure(key, "is required") }
        do {
            return try Value(from: TextDecoder(text: text))
        } catch let error as InvalidValue {
            throw failure(key, error.message)
        } catch is DecodingError {
            throw failure(key, Self.expectation(of: type))
        }
    }

    private func text(_ key: Key) throws -> String? {
        let found = values.filter { $0.name == key.stringValue }
        if found.count > 1 { throw failure(key, "is given more than once") }
        return found.first.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    private func failure(_ key: Key, _ message: String) -> JSONDecodingFailure {
        JSONDecodingFailure(fieldErrors: [FieldError(field: key.stringValue, message: message)])
    }

    private static func expectation(of type: any Decodable.Type) -> String {
        guard let enumeration = type as? any CaseIterable.Type else { return "has an unknown value" }
        return "must be one of " + names(enumeration).joined(separator: ", ")
    }

    private static func names<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
        type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<
        Nested
    > {
        throw failure(key, "must be a plain value")
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw failure(key, "must be a plain value")
    }
    func superDecoder() throws -> any Decoder { throw InvalidValue("must be a plain value") }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw failure(key, "must be a plain value") }
}
