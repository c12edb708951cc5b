import HTTPServer
import NIOCore
package import Persistence

/// An answer given once per `Idempotency-Key`: fresh, or the bytes an earlier request got.
package struct IdempotentResponse<Content: WireResponse>: ResponseConvertible {
    private let content: Replayable<Content>

    private init(_ content: Replayable<Content>) {
        self.content = content
    }

    package static func from<Value: Sendable>(
        _ outcome: Replayable<Value>, _ make: (Value) throws -> Content
    ) rethrows -> IdempotentResponse {
        switch outcome {
        case .fresh(let value): IdempotentResponse(.fresh(try make(value)))
        case .stored(let answer): IdempotentResponse(.stored(answer))
        }
    }

    package static var described: ResponseDescription { .once(Content.self) }

    package func response(to request: RequestMetadata) throws -> Response {
        switch content {
        case .fresh(let response): try response.response(to: request)
        case .stored(let stored):
            Response(
                status: stored.status, contentType: Response.jsonType, body: .bytes(ByteBuffer(bytes: stored.body)))
        }
    }
}
