import CareSyncCore
import Foundation

/// Decodes a request body after one strict scan (rules/json 1). `Documentation/decisions/0002-json.md` says why this is
/// not Foundation's decoder. Unknown keys are ignored.
///
/// - Throws: ``JSONSyntaxError`` for bytes that are not one strict JSON value, ``JSONDecodingFailure`` for a value that is
///   not what the type asks for; another error only when a type's own `init(from:)` throws one.
package enum JSONBodyDecoder {
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws -> Value {
        try JSONDocument(bytes, limits: limits).decode(type)
    }
}

extension JSONDocument {
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try decode(type, at: 0)
    }

    func decode<Value: Decodable>(_ type: Value.Type, at node: Int) throws -> Value {
        if type == Decimal.self, let value = try decimal(node) as? Value { return value }
        do {
            return try Value(from: JSONValueDecoder(document: self, node: node))
        } catch let failure as JSONDecodingFailure {
            throw failure
        } catch let error as InvalidValue {
            throw failure(at: node, error.message)
        } catch let error as DecodingError {
            throw translated(error, of: type, at: node)
        }
    }

    /// What synthesised code and the standard library throw. Their texts may quote the value, so none is passed on.
    private func translated<Value>(_ error: DecodingError, of type: Value.Type, at node: Int) -> JSONDecodingFailure {
        func at(_ context: DecodingError.Context, _ message: String) -> JSONDecodingFailure {
            context.codingPath.isEmpty ? failure(at: node, message) : failure(context.codingPath, message)
        }
        switch error {
        case .keyNotFound(let key, let context): return failure(context.codingPath + [key], "is required")
        case .valueNotFound(_, let context): return at(context, "is required")
        case .typeMismatch(_, let context): return at(context, "has the wrong type")
        case .dataCorrupted(let context): return at(context, Self.expectation(of: type))
        @unknown default: return failure(at: node, "is not valid")
        }
    }

    private static func expectation<Value>(of type: Value.Type) -> String {
        guard type is any RawRepresentable.Type else { return "is not valid" }
        guard let listed = type as? any CaseIterable.Type else { return "has an unknown value" }
        return "must be one of \(rawValues(of: listed).joined(separator: ", "))"
    }

    private static func rawValues<Value: CaseIterable>(of type: Value.Type) -> [String] {
        type.allCases.compactMap { value in
            (value as? any RawRepresentable).map { "\($0.rawValue)" }
        }
    }
}
