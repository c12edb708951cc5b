package import CareSyncCore
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import Persistence

/// What every request is answered with, whatever the features are.
package struct APISettings: Sendable {
    package var authenticator: Authenticator
    package var rateLimiter: RateLimiter
    package var crossOrigin: CrossOrigin
    package var clientAddress: ClientAddress
    package var time: TimeSource
    package var random: RandomSource
    /// Sends `Strict-Transport-Security`; for a public address that is https.
    package var isTransportSecure: Bool

    package init(
        authenticator: Authenticator, rateLimiter: RateLimiter = .unlimited,
        crossOrigin: CrossOrigin = CrossOrigin(origins: []),
        clientAddress: ClientAddress = ClientAddress(trustedProxies: []),
        time: TimeSource, random: RandomSource, isTransportSecure: Bool = false
    ) {
        self.authenticator = authenticator
        self.rateLimiter = rateLimiter
        self.crossOrigin = crossOrigin
        self.clientAddress = clientAddress
        self.time = time
        self.random = random
        self.isTransportSecure = isTransportSecure
    }
}

/// What is known of a request before it is routed.
struct ArrivalFacts: Sendable {
    let requestID: String
    let address: String
    let receivedAt: Instant
}

/// The life of a request, outside in: request id, origin check, routing, and for whatever was thrown the error body; then
/// the headers every answer carries.
package struct APIResponder: HTTPResponder {
    private let router: RouterResponder<APIContext>
    private let settings: APISettings
    private let requestIDs: RequestIDs
    private let commonHeaders: HTTPFields

    package init(endpoints: [Endpoint], pages: [StaticPage] = [], settings: APISettings) throws {
        router = try APIRouter.build(endpoints: endpoints, pages: pages, settings: settings)
        self.settings = settings
        requestIDs = RequestIDs(random: settings.random)
        commonHeaders = Self.securityHeaders(settings)
    }

    package func respond(to request: Request, context: APIContext) async throws -> Response {
        var context = context
        let facts = ArrivalFacts(
            requestID: requestIDs.name(request.headers[.requestID]),
            address: settings.clientAddress.resolve(
                peer: context.peer, forwardedFor: request.headers[.forwardedFor]),
            receivedAt: settings.time.now)
        context.facts = facts
        let verdict = settings.crossOrigin.judge(request)
        var response: Response
        do {
            response = try await route(request, context, verdict)
        } catch {
            response = try failure(error, request, context, facts)
        }
        for field in commonHeaders where response.headers[field.name] == nil { response.headers.append(field) }
        response.headers[.requestID] = facts.requestID
        if case .allowed(let origin) = verdict {
            for field in CrossOrigin.headers(origin) { response.headers[field.name] = field.value }
        }
        return response
    }

    private func route(_ request: Request, _ context: APIContext, _ verdict: CrossOrigin.Verdict) async throws
        -> Response
    {
        switch verdict {
        case .refused: throw Problem(.forbidden, "ORIGIN_NOT_ALLOWED", "This origin may not use the API.")
        case .allowed(let origin) where request.method == .options:
            return Response(status: .noContent, headers: CrossOrigin.preflight(origin))
        default: return try await router.respond(to: request, context: context)
        }
    }

    private func failure(
        _ error: any Error, _ request: Request, _ context: APIContext, _ facts: ArrivalFacts
    ) throws -> Response {
        let problem: Problem
        switch Failure(error) {
        case .problem(let expected): problem = expected
        case .stored(let answer):
            return Self.json(answer.status, ByteBuffer(bytes: answer.body))
        case .explainedFault(let fault):
            log("\(fault)", request, context, facts)
            problem = fault.problem
        case .fault:
            // The error's text may quote what it failed on, so only its type is logged, or a driver failure's code.
            log(error is DatabaseFailure ? "\(error)" : "\(type(of: error))", request, context, facts)
            problem = .fault
        }
        let body = ErrorBody(problem, path: request.uri.path, requestID: facts.requestID, at: facts.receivedAt)
        var response = Self.json(problem.kind.status, ByteBuffer(bytes: try body.bytes()))
        if problem.kind == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter { response.headers[.retryAfter] = String(seconds) }
        if let allowed = problem.details["allow"] as? String { response.headers[.allow] = allowed }
        return response
    }

    private func log(_ error: String, _ request: Request, _ context: APIContext, _ facts: ArrivalFacts) {
        context.logger.error(
            "fault",
            metadata: [
                "request": "\(facts.requestID)", "route": "\(request.method) \(context.endpointPath ?? "")",
                "error": "\(error)",
            ])
    }

    private static func json(_ status: Int, _ body: ByteBuffer) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: Answer.jsonType], body: .init(byteBuffer: body))
    }

    private static func securityHeaders(_ settings: APISettings) -> HTTPFields {
        var fields: HTTPFields = [
            .cacheControl: "no-store",
            .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
            .referrerPolicy: "no-referrer",
            .xContentTypeOptions: "nosniff",
        ]
        if settings.isTransportSecure { fields[.strictTransportSecurity] = "max-age=31536000; includeSubDomains" }
        return fields
    }
}
