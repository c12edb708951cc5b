import HTTPServer
import HTTPTypes
import NIOCore

/// Which browser origins may call the API (rules/http 2).
package struct CrossOrigin: Sendable {
    private let origins: Set<String>

    /// Origins as browsers write them: `https://clinic.example`, without a trailing slash.
    package init(origins: [String]) {
        self.origins = Set(origins)
    }

    enum Verdict: Equatable {
        /// No `Origin`, or the request's own: no headers are needed.
        case sameOrigin
        case allowed(String)
        case refused
    }

    func judge(_ request: ServerRequest) -> Verdict {
        guard let origin = request.headers[.origin] else { return .sameOrigin }
        if origins.contains(origin) { return .allowed(origin) }
        let host = request.headers.host ?? ""
        return origin == "http://\(host)" || origin == "https://\(host)" ? .sameOrigin : .refused
    }

    static func headers(_ origin: String) -> [HTTPField] {
        [
            HTTPField(name: .accessControlAllowOrigin, value: origin),
            HTTPField(name: .accessControlAllowCredentials, value: "true"),
            HTTPField(
                name: .accessControlExposeHeaders,
                value:
                    "Authorization, Content-Disposition, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Recorded-At, "
                    + "X-Request-Id, X-Total-Count, X-Truncated"
            ),
        ]
    }
}

extension Response {
    /// What a preflight is told beside the fields that any allowed origin gets.
    static let preflight = Response(
        status: 204, contentType: nil,
        headers: [
            ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH"),
            (
                "Access-Control-Allow-Headers",
                "Origin, Accept, Authorization, Cache-Control, Content-Type, X-Requested-With, X-Request-Id, Range, "
                    + "If-Match, If-None-Match, Idempotency-Key"
            ),
            ("Access-Control-Max-Age", "3600"),
        ], body: .bytes(ByteBuffer()))
}
