package import CareSyncCore
import HTTPServer
import NIOCore
package import Persistence

/// A request as a handler sees it: decoded, validated, and from a caller the access rule admits.
package struct EndpointRequest<Parameters: Sendable, Body: Sendable>: Sendable {
    package let parameters: Parameters
    package let body: Body
    /// Who is calling; `nil` on public endpoints.
    package let caller: Principal?
    /// What the audit log keeps of the request.
    package let origin: RequestOrigin
    package let metadata: RequestMetadata

    /// Who is calling. Throws 401 on a public endpoint without a caller.
    package var principal: Principal {
        get throws {
            guard let caller else { throw Problem.unauthenticated }
            return caller
        }
    }

    /// What `Idempotency-Key` asks for, to be passed to ``Persistence/Database/write(idempotency:_:)``; `nil` without
    /// the header. `answer` makes the response that is kept.
    package func idempotency<Value: Sendable, Content: WireResponse>(
        _ answer: @escaping @Sendable (Value) throws -> Content
    ) throws -> Idempotency<Value>? {
        guard let key = try metadata.idempotencyKey() else { return nil }
        let metadata = metadata
        return Idempotency(
            principal: try principal.userID, route: metadata.route, key: key, bodyHash: metadata.fingerprint,
            encode: { value in
                let answer = try answer(value).response(to: metadata)
                guard case .bytes(let bytes) = answer.body else { throw Problem.fault }
                return StoredResponse(status: answer.status, body: Array(bytes.readableBytesView))
            },
            encodeFailure: { problem in
                let problem = problem.advising(metadata.advice)
                let body = ErrorBody(
                    problem, path: metadata.path, requestID: metadata.requestID, at: metadata.receivedAt)
                return StoredResponse(status: problem.kind.status, body: try body.bytes())
            })
    }
}

/// Parameters of an endpoint that has none.
package struct NoParameters: Codable, Sendable {
    package init() {}
}

/// Body of an endpoint that needs none; anything sent is ignored, because the published client sends `{}`.
package struct NoBody: Codable, Sendable {
    package init() {}
}

/// A body whose every field may also come in the query; without a body it counts as `{}`.
package protocol OptionalBody: Decodable {}

/// The path parameter of most routes about one record.
package struct IDPath<Tag>: Codable, Sendable {
    package let id: ID<Tag>
}

/// `page` and `size`, and nothing else.
package struct PageParameters: Codable, Sendable, PagedParameters {
    package var page: Int?
    package var size: Int?

    package static let rules = Rule<Self>.paging
}
