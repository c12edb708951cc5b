import NIOCore
package import Persistence

/// An answer given once per `Idempotency-Key`: fresh, or the bytes an earlier request got.
package struct Once<Response: WireResponse>: EndpointAnswer {
    private let content: Replayable<Response>

    private init(_ content: Replayable<Response>) {
        self.content = content
    }

    package static func from<Value: Sendable>(
        _ outcome: Replayable<Value>, _ make: (Value) throws -> Response
    ) rethrows -> Once {
        switch outcome {
        case .fresh(let value): Once(.fresh(try make(value)))
        case .stored(let answer): Once(.stored(answer))
        }
    }

    package static var described: AnswerDescription { .once(Response.self) }

    package func answer(to request: RequestFacts) throws -> Answer {
        switch content {
        case .fresh(let response): try response.answer(to: request)
        case .stored(let stored):
            Answer(
                status: stored.status, contentType: Answer.jsonType, body: .bytes(ByteBuffer(bytes: stored.body)))
        }
    }
}
