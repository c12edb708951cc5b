import CareSyncCore
import HTTPServer
import HTTPTypes

/// Answers requests. ``respond(to:)`` and ``steps(_:)`` are the whole order of a request: each line is one step, and each
/// step may end the request by throwing.
package struct APIResponder: Sendable {
    private let routes: RouteTable
    private let settings: APISettings
    private let requestIDs: RequestIDs
    private let callers: CallerStep
    private let gate: GateStep
    private let denials: DenialStep
    private let errors = ErrorResponder()
    /// Writes the heads of all responses.
    let head: ResponseHeadWriter

    package init(endpoints: [Endpoint], pages: [StaticPage] = [], settings: APISettings) throws {
        routes = try APIRouter.build(endpoints: endpoints, pages: pages)
        self.settings = settings
        requestIDs = RequestIDs(random: settings.random)
        callers = CallerStep(authenticator: settings.authenticator)
        gate = GateStep(stepUp: settings.stepUp)
        denials = DenialStep(recorder: settings.denials, rateLimiter: settings.rateLimiter)
        head = ResponseHeadWriter(common: Self.securityHeaders(isTransportSecure: settings.isTransportSecure))
    }

    func answer(_ request: ServerRequest) async -> RenderedResponse {
        var exchange = arrive(request)
        var response: Response
        do {
            response = try await steps(&exchange)
        } catch {
            response = errors.response(to: await denials.note(error, exchange), &exchange)
        }
        exchange.quota?.add(to: &response.headers)
        observe(response, exchange)
        return exchange.rendered(response)
    }

    /// What comes after the request id and before denials and errors.
    private func steps(_ exchange: inout Exchange) async throws -> Response {
        try AddressStep.admit(exchange)
        if let preflight = try CrossOriginStep.admit(exchange) { return preflight }
        guard let endpoint = try RouteStep.endpoint(exchange) else { return try await RouteStep.other(exchange) }
        try await settings.rateLimiter.draw(endpoint.limits, ofAddress: &exchange)
        try await callers.admitAddress(exchange, endpoint)
        exchange.caller = try await callers.caller(exchange, endpoint)
        try await settings.rateLimiter.draw(endpoint.limits, ofAccount: &exchange)
        try await gate.admit(exchange, endpoint)
        return try await endpoint.handle(exchange)
    }

    /// The response to an unreadable request.
    func refusal(_ problem: Problem, of request: ServerRequest) -> RenderedResponse {
        var exchange = Exchange(request, arrival(of: request), origin: .sameOrigin, route: nil)
        let response = errors.response(to: problem, &exchange)
        observe(response, exchange)
        return exchange.rendered(response)
    }

    private func arrive(_ request: ServerRequest) -> Exchange {
        Exchange(
            request, arrival(of: request), origin: settings.crossOrigin.judge(request),
            route: routes.find(request.path)?.responder(for: request.method))
    }

    private func arrival(of request: ServerRequest) -> ArrivalMetadata {
        let now = settings.time.now
        let address = settings.clientAddress.resolve(
            peer: request.peer, forwardedFor: request.headers[.forwardedFor])
        return ArrivalMetadata(
            requestID: requestIDs.name(request.headers[.requestID]), address: address,
            service: settings.addressGuard.verdict(on: request.path, from: address, at: now), receivedAt: now)
    }

    private func observe(_ response: Response, _ exchange: Exchange) {
        guard !settings.observers.isEmpty else { return }
        let summary = RequestSummary(
            requestID: exchange.arrival.requestID, method: exchange.request.method.rawValue,
            path: exchange.route?.path ?? "", role: exchange.caller?.role, status: response.status,
            code: exchange.code,
            receivedAt: exchange.arrival.receivedAt, respondedAt: settings.time.now)
        for observer in settings.observers { observer.responded(summary) }
    }

    static func securityHeaders(isTransportSecure: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .cacheControl, value: "no-store"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            // Also without an Origin: a cache must not give that response to a browser that sends one.
            HTTPField(name: .vary, value: "Origin"),
        ]
        if isTransportSecure {
            fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000; includeSubDomains"))
        }
        return fields
    }
}
