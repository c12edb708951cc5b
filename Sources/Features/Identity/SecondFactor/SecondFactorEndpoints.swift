import CareSyncCore
import QRImages
import WebAPI

struct EnrollFactorRequest: Codable, Sendable {
    var method: SecondFactorMethod
}

/// What an authenticator app needs, shown once; null where the method is another one.
struct EnrollFactorResponse: WireResponse {
    let method: SecondFactorMethod
    /// Base32, for typing.
    let secret: String?
    let otpauthUri: String?
    /// `data:` addresses of the QR code.
    let qrSvg: String?
    let qrPng: String?
    /// Until when a code confirms it.
    let expiresAt: Instant
    let message: String
}

struct FactorCodeRequest: Codable, Sendable, Validated {
    var code: String

    static let rules: [Rule<Self>] = [.length("code", \.code, 1...64)]
}

struct RecoveryCodesResponse: WireResponse {
    /// Each is good for one sign-in without the factor. They are not shown again.
    let recoveryCodes: [String]
    let message: String
}

struct VerifyFactorRequest: Codable, Sendable, Validated {
    var challengeToken: String
    /// Of the app, or one of the recovery codes.
    var code: String

    static let rules: [Rule<Self>] = [
        .length("challengeToken", \.challengeToken, 1...100), .length("code", \.code, 1...64),
    ]
}

/// One of the two. When both are sent, the code counts if there is a second factor, otherwise the password.
struct StepUpRequest: Codable, Sendable, Validated {
    var password: String?
    var code: String?

    static let rules: [Rule<Self>] = [
        .length("password", \.password, 1...1000), .length("code", \.code, 1...64),
    ]
}

struct StepUpResponse: WireResponse {
    let message: String
    let authenticatedAt: Instant
    /// Until when this session needs no further proof for sensitive requests.
    let validUntil: Instant
}

struct SecondFactorEndpoints: Sendable {
    let factors: SecondFactorService
    let challenges: SignInChallenges
    let stepUps: StepUpService
    let sessions: SessionService

    private static let base = "/api/auth/second-factor"
    private static let sensitive = EndpointSettings(rateClass: .authentication, stepUp: .any)

    var all: [Endpoint] {
        [
            .post(
                "\(Self.base)/enroll", "Start setting up a second factor",
                "Any account. Gives what an authenticator app needs, or mails a code; `confirm` ends it within ten minutes.",
                access: .signedIn, fails: [FactorMailError.tooMany(retryAfter: .seconds(60)), .noMail],
                settings: EndpointSettings(rateClass: .authentication, stepUp: .any, admitsMissingFactor: true),
                use: enroll),
            .post(
                "\(Self.base)/confirm", "Confirm the second factor with its first code",
                "Any account that has begun to set one up. Replaces the previous factor and gives new recovery codes.",
                access: .signedIn, fails: [SecondFactorError.wrongCode, .noEnrolment],
                settings: EndpointSettings(rateClass: .authentication, admitsMissingFactor: true), use: confirm),
            .post(
                "\(Self.base)/verify", "Complete a sign-in with the second factor",
                "Anyone with the challenge of `login`. Begins the session.", access: .public,
                fails: [ChallengeError.invalid, .wrongCode], [SecondFactorError.tooManyAttempts], GuardError.catalogue,
                settings: .authentication.judgingAddress, use: verify),
            .post(
                "\(Self.base)/recovery-codes", "Replace the recovery codes",
                "Any account with a second factor. The previous codes are void.", access: .signedIn,
                fails: [SecondFactorError.noFactor], settings: Self.sensitive, use: renewCodes),
            .delete(
                Self.base, "Switch the second factor off",
                "Any account with a second factor, unless its role needs one.", access: .signedIn,
                fails: [SecondFactorError.noFactor, .mandatory], settings: Self.sensitive, use: remove),
            .post(
                "/api/auth/step-up", "Step up: give a fresh proof of identity",
                """
                Any account, with its password, or with a code of its second factor. Sensitive operations of this \
                session are open for five minutes. With an e-mail factor, a request without a code mails one.
                """,
                access: .signedIn, fails: StepUpError.catalogue, [SecondFactorError.noFactor], GuardError.catalogue,
                settings: EndpointSettings(rateClass: .authentication, admitsMissingFactor: true), use: stepUp),
        ]
    }

    func enroll(_ request: EndpointRequest<NoParameters, EnrollFactorRequest>) async throws -> EnrollFactorResponse {
        let pending = try await factors.enrol(request.body.method, for: request.principal, by: request.origin)
        let picture = try pending.uri.map { try QRImage($0) }
        return EnrollFactorResponse(
            method: pending.method, secret: pending.secret, otpauthUri: pending.uri, qrSvg: picture?.svgDataURI,
            qrPng: try picture?.pngDataURI(), expiresAt: pending.expiresAt,
            message: pending.method == .totp
                ? "Scan the code with your authenticator app, then confirm with the six digits it shows."
                : "Confirm with the code that was sent to your e-mail address.")
    }

    func confirm(_ request: EndpointRequest<NoParameters, FactorCodeRequest>) async throws -> RecoveryCodesResponse {
        RecoveryCodesResponse(
            recoveryCodes: try await factors.confirm(request.body.code, for: request.principal, by: request.origin),
            message: "The second factor is on. Keep the recovery codes; they are not shown again.")
    }

    func verify(_ request: EndpointRequest<NoParameters, VerifyFactorRequest>) async throws -> AuthenticationResponse {
        let grant = try await challenges.answer(
            request.body.challengeToken, code: request.body.code, from: SignInOrigin(request))
        return AuthenticationResponse(
            grant, accessToken: try await sessions.accessToken(for: grant.principal), message: grant.greeting)
    }

    func renewCodes(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> RecoveryCodesResponse {
        RecoveryCodesResponse(
            recoveryCodes: try await factors.renewRecoveryCodes(for: request.principal, by: request.origin),
            message: "The previous codes are void.")
    }

    func remove(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse {
        try await factors.remove(for: request.principal, by: request.origin)
        return MessageResponse(message: "The second factor is off.")
    }

    func stepUp(_ request: EndpointRequest<NoParameters, StepUpRequest>) async throws -> StepUpResponse {
        let at = try await stepUps.stepUp(
            StepUpProof(password: request.body.password, code: request.body.code), for: request.principal,
            from: SignInOrigin(request))
        return StepUpResponse(
            message: "Thank you.", authenticatedAt: at, validUntil: at + IdentitySettings.stepUpLifetime)
    }
}
