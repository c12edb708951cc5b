import CareSyncCore
import HTTPServer
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

    /// Runs the handler, with the body or on its way to it.
    func handle(_ exchange: Exchange) async throws -> Response {
        let request = exchange.request
        let isStreamed = BodyReader.isStreamed(endpoint.operation.body)
        return try await endpoint.handle(
            IncomingRequest(
                pathValues: try pathValues(in: request.path), caller: exchange.caller, origin: exchange.requestOrigin,
                metadata: RequestMetadata(
                    name, exchange, body: isStreamed ? ByteBuffer() : body(of: request),
                    advice: endpoint.settings.advice, status: endpoint.status),
                contentType: request.headers[.contentType], stream: isStreamed ? stream(of: request) : nil))
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
        try checkAnnounced(request)
        do {
            return try await request.body.collect(upTo: endpoint.bodyLimit)
        } catch {
            throw BodyFailure.problem(error, tooLarge: tooLarge)
        }
    }

    private func stream(of request: ServerRequest) throws -> StreamedBody {
        try checkAnnounced(request)
        return StreamedBody(request.body, limit: endpoint.bodyLimit, tooLarge: tooLarge)
    }

    /// What the head alone tells: how long the body is, and whether it is packed in a way that nothing here unpacks.
    private func checkAnnounced(_ request: ServerRequest) throws {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw Problem.unsupportedCoding
        }
        let announced = request.headers[.contentLength].flatMap(Int.init) ?? 0
        guard announced <= endpoint.bodyLimit else { throw tooLarge }
    }

    private var tooLarge: Problem { endpoint.takesFiles ? .fileTooLarge : .bodyTooLarge }
}
