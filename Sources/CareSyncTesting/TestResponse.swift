import Foundation
package import HTTPTypes

/// What the system answered.
package struct TestResponse: Sendable {
    package let status: Int
    package let headers: HTTPFields
    package let bytes: [UInt8]

    package init(status: Int, headers: HTTPFields, bytes: [UInt8]) {
        self.status = status
        self.headers = headers
        self.bytes = bytes
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }

    /// The body; `null` when it is not JSON.
    package var json: TestJSON {
        // A test that expects a body finds `null`.
        (try? JSONDecoder().decode(TestJSON.self, from: Data(bytes))) ?? .null
    }

    /// A value inside the body: `user.username`, `content[0].id`.
    package subscript(path: String) -> TestJSON { json[path] }

    /// `code` of an error body.
    package var problemCode: String? { self["code"].string }

    /// Names of the refused fields, in the order of the body.
    package var fieldErrors: [String] { self["fieldErrors"].list.compactMap { $0["field"].string } }
}

/// A JSON value that tests look into.
package enum TestJSON: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([TestJSON])
    case object([String: TestJSON])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // Each failed attempt only says: some other type.
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([TestJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: TestJSON].self))
        }
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var double: Double? { if case .number(let value) = self { value } else { nil } }
    package var int: Int? { double.flatMap { Int(exactly: $0) } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var list: [TestJSON] { if case .array(let values) = self { values } else { [] } }
    package var keys: [String] { if case .object(let members) = self { members.keys.sorted() } else { [] } }
    package var isNull: Bool { self == .null }

    /// `null` where the path leads nowhere.
    package subscript(path: String) -> TestJSON {
        var value = self
        for part in path.split(whereSeparator: { $0 == "." || $0 == "[" || $0 == "]" }) {
            switch value {
            case .object(let members): value = members[String(part)] ?? .null
            case .array(let values):
                guard let index = Int(part), values.indices.contains(index) else { return .null }
                value = values[index]
            default: return .null
            }
        }
        return value
    }
}
