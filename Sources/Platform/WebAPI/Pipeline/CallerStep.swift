import CareSyncCore
import HTTPServer
import HTTPTypes

/// Who is calling.
struct CallerStep: Sendable {
    let authenticator: Authenticator

    /// The account behind the token; `nil` on a public endpoint. Throws 401 where a token is needed and is missing or no
    /// good, 403 where the account has something to do first.
    func caller(_ exchange: Exchange, _ route: EndpointRoute) async throws -> Principal? {
        let endpoint = route.endpoint
        guard endpoint.access != .public else { return nil }
        if case .rolesOrLink = endpoint.access, Self.isLink(exchange.request) { return nil }
        guard let token = try Self.bearerToken(of: exchange.request) else {
            if endpoint.access.needsToken { throw Problem.unauthenticated }
            return nil
        }
        let caller = try await authenticator.authenticate(token)
        guard let due = Self.step(due: caller, endpoint.settings) else { return caller }
        if endpoint.access.needsToken { throw due }
        return nil
    }

    private static func isLink(_ request: ServerRequest) -> Bool {
        request.query.split(separator: "&").contains { $0.hasPrefix("sig=") }
    }

    /// From an address that serves administrators only, public endpoints look at the token, too. A token that has run out
    /// is answered as everywhere, so that the client refreshes it.
    func admitAddress(_ exchange: Exchange, _ route: EndpointRoute) async throws {
        guard exchange.arrival.service != .open, !route.endpoint.settings.judgesAddress else { return }
        guard let token = try Self.bearerToken(of: exchange.request),
            try await authenticator.authenticate(token).role == .admin
        else { throw Problem.addressBlocked }
    }

    private static func bearerToken(of request: ServerRequest) throws -> String? {
        guard let field = request.headers[.authorization] else { return nil }
        guard field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { throw Problem.unauthenticated }
        return String(Substring(field.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }))
    }

    /// What an account has to do before an endpoint with these settings admits it.
    private static func step(due caller: Principal, _ settings: EndpointSettings) -> Problem? {
        if caller.mustChangePassword, !settings.admitsGeneratedPassword { return .passwordChangeRequired }
        if caller.mustEnrollFactor, !settings.admitsMissingFactor { return .factorEnrollmentRequired }
        return nil
    }
}

/// Whether the caller may use the endpoint at all, and has proved lately enough who they are.
struct GateStep: Sendable {
    let stepUp: StepUpGuard

    func admit(_ exchange: Exchange, _ route: EndpointRoute) async throws {
        guard let caller = exchange.caller else { return }
        guard route.endpoint.access.admits(caller.role) else { throw Problem.accessDenied }
        guard let proof = route.endpoint.settings.stepUp else { return }
        guard try await stepUp.isFresh(caller, proof, exchange.arrival.receivedAt) else {
            throw proof == .factor ? Problem.factorRequired : .stepUpRequired
        }
    }
}
