package import HTTPServer
import JSONCoding
import NIOCore

/// A finished answer of an endpoint.
package struct Response: Sendable {
    package typealias Body = ServerResponse.Body

    package var status: Int
    package var headers: [(name: String, value: String)]
    package let body: Body

    package init(status: Int = 200, contentType: String?, headers: [(String, String)] = [], body: Body) {
        self.status = status
        self.headers = headers.map { (name: $0.0, value: $0.1) }
        if let contentType { self.headers.append((name: "Content-Type", value: contentType)) }
        self.body = body
    }

    static let jsonType = "application/json; charset=utf-8"
}

/// What an endpoint may return.
package protocol ResponseConvertible: Sendable {
    /// What the OpenAPI document says of it.
    static var described: ResponseDescription { get }
    func response(to request: RequestMetadata) throws -> Response
}

package enum ResponseDescription: Sendable {
    case json(any (Decodable & Sendable).Type)
    case list(of: any (Decodable & Sendable).Type, isPaged: Bool)
    /// JSON that may be replayed for an `Idempotency-Key`.
    case once(any (Decodable & Sendable).Type)
    case binary(contentType: String)
    /// A sentence.
    case text
    /// A file that may be asked for in parts.
    case ranged(contentType: String)
    /// Has its version as ETag, which a change may name in `If-Match`.
    indirect case versioned(ResponseDescription)
    /// A page instead, for browsers.
    indirect case page(ResponseDescription)
    /// Says in `X-Recorded-At` when it was recorded.
    indirect case dated(ResponseDescription)
    /// Has an ETag; 304 to a client that has it already.
    indirect case tagged(ResponseDescription)
    /// 204.
    case nothing

    /// The one status it can have; `nil` when the endpoint says.
    var status: Int? { if case .nothing = self { 204 } else { nil } }

    var isReplayable: Bool {
        switch self {
        case .once: true
        case .versioned(let response), .dated(let response), .tagged(let response): response.isReplayable
        default: false
        }
    }

    var isVersioned: Bool { if case .versioned = self { true } else { false } }

    var isDated: Bool {
        switch self {
        case .dated: true
        case .versioned(let response): response.isDated
        default: false
        }
    }
}

/// What a list may contain.
package protocol WireValue: Codable, Sendable {}

extension String: WireValue {}

/// A response body: a `Codable` struct with synthesised coding, from which its schema is derived. Never a model type.
package protocol WireResponse: WireValue, ResponseConvertible {}

extension WireResponse {
    package static var described: ResponseDescription { .json(Self.self) }

    package func response(to request: RequestMetadata) throws -> Response {
        Response(
            status: request.status, contentType: Response.jsonType, body: .bytes(try JSONBodyEncoder.buffer(self)))
    }
}

extension Array: ResponseConvertible where Element: WireValue {
    package static var described: ResponseDescription { .list(of: Element.self, isPaged: false) }

    package func response(to request: RequestMetadata) throws -> Response {
        Response(
            status: request.status, contentType: Response.jsonType, body: .bytes(try JSONBodyEncoder.buffer(self)))
    }
}

/// `{ "message": … }`
package struct MessageResponse: WireResponse {
    package let message: String

    package init(message: String) {
        self.message = message
    }
}

/// 204, without a body.
package struct NoContent: ResponseConvertible {
    package init() {}

    package static var described: ResponseDescription { .nothing }

    package func response(to request: RequestMetadata) -> Response {
        Response(status: 204, contentType: nil, body: .bytes(ByteBuffer()))
    }
}

extension JSONBodyEncoder {
    static func buffer(_ value: some Encodable) throws -> ByteBuffer {
        try withEncoded(value) { ByteBuffer(bytes: $0) }
    }
}
