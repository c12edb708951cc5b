package import CareSyncCore
import HTTPTypes
import Logging
import NIOCore
import Persistence

/// What every request is answered with, whatever the features are.
package struct APISettings: Sendable {
    package var authenticator: Authenticator
    package var stepUp: StepUpGuard
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
        authenticator: Authenticator, stepUp: StepUpGuard = .closed, rateLimiter: RateLimiter = .unlimited,
        addressGuard: AddressGuard = .open,
        denials: DenialRecorder = .none,
        crossOrigin: CrossOrigin = CrossOrigin(origins: []),
        clientAddress: ClientAddress = ClientAddress(trustedProxies: []),
        time: TimeSource, random: RandomSource, isTransportSecure: Bool = false
    ) {
        self.authenticator = authenticator
        self.stepUp = stepUp
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
struct ArrivalMetadata: Sendable {
    let requestID: String
    let address: String
    /// Whom the address may be served for.
    let service: AddressGuard.Verdict
    let receivedAt: Instant
}

/// The life of a request, outside in: request id, origin check, routing, and for whatever was thrown the error body.
package struct APIResponder: Sendable {
    private let routes: RouteTable
    private let settings: APISettings
    private let requestIDs: RequestIDs
    /// Writes the heads of all answers.
    let head: ResponseHeadWriter

    package init(endpoints: [Endpoint], pages: [StaticPage] = [], settings: APISettings) throws {
        routes = try APIRouter.build(endpoints: endpoints, pages: pages, settings: settings)
        self.settings = settings
        requestIDs = RequestIDs(random: settings.random)
        head = ResponseHeadWriter(common: Self.securityHeaders(isTransportSecure: settings.isTransportSecure))
    }

    func answer(_ request: ServerRequest) async -> RenderedResponse {
        let metadata = metadata(of: request)
        let verdict = settings.crossOrigin.judge(request)
        let route = routes.find(request.path)?.responder(for: request.method)
        do {
            guard metadata.service != .closed else { throw Problem.addressBlocked }
            switch verdict {
            case .refused: throw Problem(.forbidden, "ORIGIN_NOT_ALLOWED", "This origin may not use the API.")
            case .allowed where request.method == .options: return outgoing(.preflight, request, metadata, verdict)
            default: break
            }
            guard let route else {
                throw metadata.service == .open ? Problem.unknownRoute : Problem.addressBlocked
            }
            return outgoing(try await route.respond(to: request, metadata), request, metadata, verdict)
        } catch {
            let quota = error as? QuotaFailure
            var answer = failure(quota?.cause ?? error, request, route, metadata)
            quota?.add(to: &answer.headers)
            return outgoing(answer, request, metadata, verdict)
        }
    }

    /// The answer to a request that cannot be taken for one, so that nothing is run for it.
    func refusal(_ problem: Problem, of request: ServerRequest) -> RenderedResponse {
        let metadata = metadata(of: request)
        return outgoing(failure(problem, request, nil, metadata), request, metadata, .sameOrigin)
    }

    private func metadata(of request: ServerRequest) -> ArrivalMetadata {
        let now = settings.time.now
        let address = settings.clientAddress.resolve(
            peer: request.peer, forwardedFor: request.headers[.forwardedFor])
        return ArrivalMetadata(
            requestID: requestIDs.name(request.headers[.requestID]), address: address,
            service: settings.addressGuard.verdict(on: request.path, from: address, at: now), receivedAt: now)
    }

    private func outgoing(
        _ answer: Response, _ request: ServerRequest, _ metadata: ArrivalMetadata, _ verdict: CrossOrigin.Verdict
    ) -> RenderedResponse {
        RenderedResponse(answer: answer, metadata: metadata, verdict: verdict, omitsBody: request.method == .head)
    }

    private func failure(
        _ error: any Error, _ request: ServerRequest, _ route: RouteResponder?, _ metadata: ArrivalMetadata
    ) -> Response {
        var problem: Problem
        var headers: [(String, String)] = []
        switch Failure(error) {
        case .problem(let expected): problem = expected
        case .refusedMethod(let allowed):
            problem = .methodNotAllowed
            headers.append(("Allow", allowed))
        case .stored(let answer):
            return Response(
                status: answer.status, contentType: Response.jsonType, body: .bytes(ByteBuffer(bytes: answer.body)))
        case .explainedFault(let fault):
            log("\(fault)", request, route, metadata)
            problem = fault.problem
        case .fault:
            // The error's text may quote what it failed on, so only its type is logged, or a driver failure's code.
            log(error is DatabaseFailure ? "\(error)" : "\(type(of: error))", request, route, metadata)
            problem = .fault
        }
        problem = problem.advising(route?.advice)
        if problem.kind == .unauthenticated { headers.append(("WWW-Authenticate", "Bearer")) }
        if let seconds = problem.retryAfter { headers.append(("Retry-After", String(seconds))) }
        let body = ErrorBody(problem, path: request.path, requestID: metadata.requestID, at: metadata.receivedAt)
        do {
            return Response(
                status: problem.kind.status, contentType: Response.jsonType, headers: headers,
                body: .bytes(ByteBuffer(bytes: try body.bytes())))
        } catch {
            // A problem's details could not be encoded, which is a fault; a fault has none but the route's advice.
            return problem.kind == .fault
                ? Response(status: 500, contentType: nil, body: .bytes(ByteBuffer()))
                : failure(error, request, route, metadata)
        }
    }

    private func log(_ error: String, _ request: ServerRequest, _ route: RouteResponder?, _ metadata: ArrivalMetadata) {
        request.logger.error(
            "fault",
            metadata: [
                "request": "\(metadata.requestID)", "route": "\(request.method) \(route?.path ?? "")",
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
