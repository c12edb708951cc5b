import CareSyncCore
import WebAPI

/// Who has signed in: a patient, a doctor or an administrator, told apart by `role`. Directory supplies the shapes.
struct SessionUser: WireValue, UnionResponse {
    private let response: AnyWireResponse

    static let unionName = "SessionUser"
    static let unionSample = SessionUser(AnyWireResponse(MessageResponse(message: "")))

    init(_ response: AnyWireResponse) {
        self.response = response
    }

    init(from decoder: any Decoder) throws {
        response = try AnyWireResponse(from: decoder)
    }

    func encode(to encoder: any Encoder) throws { try response.encode(to: encoder) }
}

struct SignInRequest: Codable, Sendable, Validated {
    var username: String
    var password: String

    static let rules: [Rule<Self>] = [
        Rule("username", .length(minimum: 1, maximum: 100)) { complaint(UsernameRules.trimmed($0.username), 100) },
        passwordRule("password") { $0.password },
    ]

    /// A password to be checked may be short or weak, but not so long that hashing it is expensive.
    static func passwordRule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .length(minimum: 1, maximum: 1000)) { complaint(text($0), 1000) }
    }

    private static func complaint(_ text: String, _ limit: Int) -> String? {
        (1...limit).contains(text.unicodeScalars.count) ? nil : "must have 1 to \(limit) characters"
    }
}

/// Response to registration and sign-in.
struct AuthenticationResponse: WireResponse {
    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let username: String
    let role: Role
    let message: String
    let user: SessionUser

    init(_ grant: SessionGrant, accessToken: String, message: String) {
        self.accessToken = accessToken
        refreshToken = grant.refreshToken.text
        tokenType = "Bearer"
        username = grant.principal.username
        role = grant.principal.role
        self.message = message
        user = SessionUser(grant.user)
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
    let user: SessionUser

    init(_ grant: SessionGrant, accessToken: String) {
        self.accessToken = accessToken
        refreshToken = grant.refreshToken.text
        tokenType = "Bearer"
        username = grant.principal.username
        role = grant.principal.role
        user = SessionUser(grant.user)
    }
}

struct LogoutRequest: Codable, Sendable, Validated {
    var refreshToken: String

    static let rules: [Rule<Self>] = [.length("refreshToken", \.refreshToken, 1...16_384)]
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
                "/api/auth/register", "Register as a patient or a doctor, and sign in",
                """
                Anyone. Makes the account with its profile and begins a session. The e-mail address has to be \
                verified first where the clinic asks for it. A doctor waits for an administrator's verification.
                """,
                access: .public, fails: [AccountError.usernameTaken, .emailTaken], [RegistrationError.emailNotVerified],
                settings: .registration, use: register),
            .post(
                "/api/auth/login", "Sign in",
                """
                Anyone, with user name and password. Begins a session, or answers 401 with a challenge where the \
                account has a second factor.
                """,
                access: .public, fails: SignInError.catalogue, GuardError.catalogue, SecondFactorDue.catalogue,
                settings: .authentication.judgingAddress, use: logIn),
            .post(
                "/api/auth/refresh", "Exchange a refresh token for new tokens",
                """
                Anyone with the refresh token. Gives new tokens of the same session; the old refresh token is \
                good for ten more seconds, and its later use ends the session.
                """,
                access: .public, fails: [SessionError.refreshInvalid], [SignInError.accountInactive],
                settings: .token.judgingAddress, use: refresh),
            .post(
                "/api/auth/logout", "End the session of a refresh token",
                """
                Anyone with the refresh token. Its session ends, and with it the access tokens. A token that is \
                not known ends nothing and is no mistake.
                """,
                access: .public, settings: .token, use: logOut),
        ]
    }

    func register(_ request: EndpointRequest<NoParameters, RegisterRequest>) async throws -> AuthenticationResponse {
        let grant = try await registration.register(try request.body.registration, from: SignInOrigin(request))
        return AuthenticationResponse(
            grant, accessToken: try await sessions.accessToken(for: grant.principal),
            message: "User registered successfully")
    }

    func logIn(_ request: EndpointRequest<NoParameters, SignInRequest>) async throws -> AuthenticationResponse {
        let grant = try await signIn.signIn(
            UsernameRules.trimmed(request.body.username), request.body.password, from: SignInOrigin(request))
        return AuthenticationResponse(
            grant, accessToken: try await sessions.accessToken(for: grant.principal),
            message: grant.greeting)
    }

    func refresh(_ request: EndpointRequest<NoParameters, RefreshTokenRequest>) async throws -> RefreshTokenResponse {
        let grant = try await sessions.refresh(request.body.refreshToken, by: request.origin)
        return RefreshTokenResponse(grant, accessToken: try await sessions.accessToken(for: grant.principal))
    }

    func logOut(_ request: EndpointRequest<NoParameters, LogoutRequest>) async throws -> LogoutResponse {
        try await sessions.logOut(request.body.refreshToken, by: request.origin)
        return LogoutResponse(message: "Logged out successfully", success: true)
    }
}

extension SignInOrigin {
    init<Parameters: Sendable, Body: Sendable>(_ request: EndpointRequest<Parameters, Body>) {
        self.init(request: request.origin)
    }
}
