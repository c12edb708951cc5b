import CareSyncCore
import HTTPTypes
import NIOCore

/// An endpoint where the router finds it, with what each request to it needs.
final class EndpointRoute: Sendable {
    let endpoint: Endpoint
    /// Such as `PUT /api/doctors/{id}`.
    let name: String
    /// `nil` when it is not limited.
    let limits: RateLimits?
    private let path: PathTemplate

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        name = endpoint.route
        limits = endpoint.limits
        path = PathTemplate(endpoint.path)
    }

    /// Reads the body and runs the handler.
    func handle(_ exchange: Exchange) async throws -> Response {
        let request = exchange.request
        return try await endpoint.handle(
            IncomingRequest(
                pathValues: try pathValues(in: request.path), caller: exchange.caller, origin: exchange.requestOrigin,
                metadata: RequestMetadata(
                    name, exchange, body: try await body(of: request), advice: endpoint.settings.advice),
                contentType: request.headers[.contentType]))
    }

    /// Percent-decoded.
    func pathValues(in requestPath: String) throws -> [(name: String, value: String)] {
        guard !path.parameterNames.isEmpty else { return [] }
        return try path.rawValues(in: requestPath).map { name, raw in
            (name: name, value: try QueryText.decode(raw.utf8, plusIsBlank: false, field: name))
        }
    }

    private func body(of request: ServerRequest) async throws -> ByteBuffer {
        guard request.method != .get, request.method != .head else { return ByteBuffer() }
        let limit = endpoint.settings.bodyLimit
        let announced = request.headers[.contentLength].flatMap(Int.init) ?? 0
        guard announced <= limit else { throw tooLarge }
        do {
            let body = try await request.body.collect(upTo: limit)
            // Outside a connection of ours the end of the connection counts as the end of the body.
            guard body.readableBytes >= announced else { throw Problem.malformedHTTP }
            return body
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let error as CancellationError {
            throw error
        } catch {
            // The connection broke off, or what came was not HTTP: no fault of ours, and nobody reads the answer.
            throw Problem.malformedHTTP
        }
    }

    private var tooLarge: Problem { endpoint.operation.body is MultipartForm.Type ? .fileTooLarge : .bodyTooLarge }
}
