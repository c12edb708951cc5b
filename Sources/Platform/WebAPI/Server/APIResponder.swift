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
    package var addressGuard: AddressGuard
    package var denials: DenialRecorder
    package var crossOrigin: CrossOrigin
    package var clientAddress: ClientAddress
    package var time: TimeSource
    package var random: RandomSource
    /// Sends `Strict-Transport-Security`; for a public address that is https.
    package var isTransportSecure: Bool

    package init(
        authenticator: Authenticator, rateLimiter: RateLimiter = .unlimited, addressGuard: AddressGuard = .open,
        denials: DenialRecorder = .none,
        crossOrigin: CrossOrigin = CrossOrigin(origins: []),
        clientAddress: ClientAddress = ClientAddress(trustedProxies: []),
        time: TimeSource, random: RandomSource, isTransportSecure: Bool = false
    ) {
        self.authenticator = authenticator
        self.rateLimiter = rateLimiter
        self.addressGuard = addressGuard
        self.denials = denials
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
    private let commonHeaders: [HTTPField]

    package init(endpoints: [Endpoint], pages: [StaticPage] = [], settings: APISettings) throws {
        router = try APIRouter.build(endpoints: endpoints, pages: pages, settings: settings)
        self.settings = settings
        requestIDs = RequestIDs(random: settings.random)
        commonHeaders = Self.securityHeaders(isTransportSecure: settings.isTransportSecure)
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
            let isServed = !settings.addressGuard.isBlocked(facts.address, facts.receivedAt)
            guard isServed || AddressGuard.isOpen(request.uri.path) else { throw Problem.addressBlocked }
            response = try await route(request, context, verdict)
        } catch {
            do {
                response = try failure(error, request, context, facts)
            } catch {
                // A problem's details could not be encoded, which is a fault; a fault has no details.
                response = try failure(error, request, context, facts)
            }
        }
        finish(&response.headers, facts, verdict)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func finish(_ headers: inout HTTPFields, _ facts: ArrivalFacts, _ verdict: CrossOrigin.Verdict) {
        headers.reserveCapacity(headers.count + commonHeaders.count + 4)
        for field in commonHeaders where !headers.contains(field.name) { headers.append(field) }
        headers.append(HTTPField(name: .requestID, value: facts.requestID))
        if case .allowed(let origin) = verdict { headers.append(contentsOf: CrossOrigin.headers(origin)) }
    }

    private func route(_ request: Request, _ context: APIContext, _ verdict: CrossOrigin.Verdict) async throws
        -> Response
    {
        switch verdict {
        case .refused: throw Problem(.forbidden, "ORIGIN_NOT_ALLOWED", "This origin may not use the API.")
        case .allowed where request.method == .options:
            return Response(status: .noContent, headers: CrossOrigin.preflight)
        default: return try await router.respond(to: APIRouter.routed(request), context: context)
        }
    }

    private func failure(
        _ error: any Error, _ request: Request, _ context: APIContext, _ facts: ArrivalFacts
    ) throws -> Response {
        let problem: Problem
        var headers: HTTPFields = [.contentType: Answer.jsonType]
        var error = error
        if let failure = error as? QuotaFailure {
            failure.add(to: &headers)
            error = failure.cause
        }
        switch Failure(error) {
        case .problem(let expected): problem = expected
        case .refusedMethod(let allowed):
            problem = .methodNotAllowed
            headers[.allow] = allowed
        case .stored(let answer):
            return Response(
                status: .init(code: answer.status), headers: headers,
                body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        case .explainedFault(let fault):
            log("\(fault)", request, context, facts)
            problem = fault.problem
        case .fault:
            // The error's text may quote what it failed on, so only its type is logged, or a driver failure's code.
            log(error is DatabaseFailure ? "\(error)" : "\(type(of: error))", request, context, facts)
            problem = .fault
        }
        let body = ErrorBody(problem, path: request.uri.path, requestID: facts.requestID, at: facts.receivedAt)
        if problem.kind == .unauthenticated { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: .init(code: problem.kind.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: try body.bytes())))
    }

    private func log(_ error: String, _ request: Request, _ context: APIContext, _ facts: ArrivalFacts) {
        context.logger.error(
            "fault",
            metadata: [
                "request": "\(facts.requestID)", "route": "\(request.method) \(context.endpointPath ?? "")",
                "error": "\(error)",
            ])
    }

    static func securityHeaders(isTransportSecure: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .cacheControl, value: "no-store"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            // Also without an Origin: a cache must not give that answer to a browser that sends one.
            HTTPField(name: .vary, value: "Origin"),
        ]
        if isTransportSecure {
            fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000; includeSubDomains"))
        }
        return fields
    }
}
