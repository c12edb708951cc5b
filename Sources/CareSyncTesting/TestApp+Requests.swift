import Foundation
package import HTTPTypes
import NIOCore

extension TestApp {
    package func get(
        _ path: String, as user: TestUser? = nil, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send(.get, path, as: user, headers: headers)
    }

    package func delete(
        _ path: String, as user: TestUser? = nil, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send(.delete, path, as: user, headers: headers)
    }

    package func post(
        _ path: String, as user: TestUser? = nil, json: some Encodable & Sendable, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send(.post, path, as: user, headers: headers, body: Self.text(json))
    }

    package func put(
        _ path: String, as user: TestUser? = nil, json: some Encodable & Sendable, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        try await send(.put, path, as: user, headers: headers, body: Self.text(json))
    }

    /// Sends `body` as it stands.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, as user: TestUser? = nil, headers: [String: String] = [:],
        body: String? = nil, contentType: String? = "application/json"
    ) async throws -> TestResponse {
        var fields = HTTPFields()
        if body != nil, let contentType { fields[.contentType] = contentType }
        if let user { fields[.authorization] = "Bearer \(user.accessToken)" }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return try await client.execute(
            uri: path, method: method, headers: fields, body: body.map(ByteBuffer.init(string:)))
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys  // The same value gives the same bytes, as a client's repetition does.
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
