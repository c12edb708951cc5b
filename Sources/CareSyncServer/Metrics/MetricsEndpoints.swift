import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOCore
import NIOHTTP1
import WebAPI

/// The text for Prometheus.
struct MetricsResponse: ResponseConvertible {
    let text: String

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    static var described: ResponseDescription { .binary(contentType: "text/plain") }

    func response(to request: RequestMetadata) -> Response {
        Response(contentType: Self.contentType, body: .bytes(ByteBuffer(string: text)))
    }
}

/// The metrics on the port of the API, for administrators; where the metrics have a port of their own, they are not here.
struct MetricsEndpoints: Sendable {
    let report: MetricsReport

    static let path = "/metrics"

    var all: [Endpoint] {
        [
            .get(
                Self.path, "Metrics, as Prometheus reads them",
                "Administrators. With `CARESYNC_METRICS_PORT` they are on that port instead, without sign-in.",
                access: .role(.admin), use: metrics)
        ]
    }

    func metrics(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> MetricsResponse {
        MetricsResponse(text: await report.text())
    }
}

/// Answers on the port of the metrics, and knows nothing else.
struct MetricsResponder: RequestResponder {
    let report: MetricsReport

    func respond(to request: ServerRequest) async -> ServerResponse {
        guard request.path == MetricsEndpoints.path else { return Self.answer(404, "There is nothing but /metrics.\n") }
        guard request.method == .get || request.method == .head else {
            return Self.answer(405, "Only GET.\n", ("Allow", "GET, HEAD"))
        }
        return Self.answer(200, await report.text())
    }

    func refuse(_ refusal: RequestRefusal, of request: ServerRequest) -> ServerResponse {
        Self.answer(refusal == .malformed ? 400 : 431, "The request cannot be read.\n")
    }

    private static func answer(_ status: Int, _ text: String, _ header: (String, String)? = nil) -> ServerResponse {
        var headers: HTTPHeaders = [
            "Content-Type": status == 200 ? MetricsResponse.contentType : "text/plain; charset=utf-8",
            "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        ]
        if let header { headers.add(name: header.0, value: header.1) }
        return ServerResponse(status: status, headers: headers, body: .bytes(ByteBuffer(string: text)))
    }
}
