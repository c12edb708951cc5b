import CareSyncCore
import WebAPI

/// Answer of registration and sign-in.
struct AuthenticationResponse: WireResponse {
    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let username: String
    let role: Role
    let message: String
    let user: AnyWireResponse

    init(_ grant: SessionGrant, accessToken: String, message: String) {
        self.accessToken = accessToken
        refreshToken = grant.refreshToken.text
        tokenType = "Bearer"
        username = grant.principal.username
        role = grant.principal.role
        self.message = message
        user = grant.user
    }
}

struct RefreshTokenRequest: Codable, Sendable {
    var refreshToken: String
}

struct RefreshTokenResponse: WireResponse {
    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let username: String
    let role: Role
    let user: AnyWireResponse

    init(_ grant: SessionGrant, accessToken: String) {
        self.accessToken = accessToken
        refreshToken = grant.refreshToken.text
        tokenType = "Bearer"
        username = grant.principal.username
        role = grant.principal.role
        user = grant.user
    }
}

struct LogoutRequest: Codable, Sendable {
    var refreshToken: String?
}

struct LogoutResponse: WireResponse {
    let message: String
    let success: Bool
}

struct SignInEndpoints: Sendable {
    let registration: RegistrationService
    let signIn: SignInService
    let sessions: SessionService

    var all: [Endpoint] {
        [
            .post(
                "/api/auth/register", "Register as a patient or a doctor, and sign in", access: .public,
                fails: AccountError.catalogue, RegistrationError.catalogue, settings: .authentication, use: register),
            .post(
                "/api/auth/login", "Sign in", access: .public, fails: SignInError.catalogue, GuardError.catalogue,
                SecondFactorDue.catalogue, settings: .authentication.judgingAddress, use: logIn),
            .post(
                "/api/auth/refresh", "Exchange a refresh token for new tokens", access: .public,
                fails: SessionError.catalogue, SignInError.catalogue, settings: .token.judgingAddress, use: refresh),
            .post(
                "/api/auth/logout", "End the session of a refresh token", access: .public, settings: .token,
                use: logOut),
        ]
    }

    func register(_ request: EndpointRequest<NoParameters, RegisterRequest>) async throws -> AuthenticationResponse {
        let grant = try await registration.register(request.body, from: SignInOrigin(request))
        return AuthenticationResponse(
            grant, accessToken: try await sessions.accessToken(for: grant.principal),
            message: "User registered successfully")
    }

    func logIn(_ request: EndpointRequest<NoParameters, SignInRequest>) async throws -> AuthenticationResponse {
        let grant = try await signIn.signIn(request.body, from: SignInOrigin(request))
        return AuthenticationResponse(
            grant, accessToken: try await sessions.accessToken(for: grant.principal),
            message: grant.greeting)
    }

    func refresh(_ request: EndpointRequest<NoParameters, RefreshTokenRequest>) async throws -> RefreshTokenResponse {
        let grant = try await sessions.refresh(request.body.refreshToken, by: request.origin)
        return RefreshTokenResponse(grant, accessToken: try await sessions.accessToken(for: grant.principal))
    }

    func logOut(_ request: EndpointRequest<NoParameters, LogoutRequest>) async throws -> LogoutResponse {
        if let token = request.body.refreshToken { try await sessions.logOut(token, by: request.origin) }
        return LogoutResponse(message: "Logged out successfully", success: true)
    }
}

extension SignInOrigin {
    init<Parameters: Sendable, Body: Sendable>(_ request: EndpointRequest<Parameters, Body>) {
        self.init(request: request.origin)
    }
}
