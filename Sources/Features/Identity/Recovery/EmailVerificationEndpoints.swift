import CareSyncCore
import WebAPI

/// The name and the telephone number that the published client sends are not used: a mail to an unverified address
/// contains nothing that a stranger has typed.
struct StartVerificationRequest: Codable, Sendable, Validated {
    var email: String
    var name: String?
    var mobileNumber: String?

    static let rules: [Rule<Self>] = [
        EmailAddress.rule("email") { $0.email },
        .maxLength("name", \.name, 100),
        .maxLength("mobileNumber", \.mobileNumber, 20),
    ]
}

struct EmailCodeRequest: Codable, Sendable, Validated {
    var email: String
    /// Six digits.
    var otp: String

    static let rules: [Rule<Self>] = [
        EmailAddress.rule("email") { $0.email }, OneTimeCode.rule("otp") { $0.otp },
    ]
}

struct VerifiedResponse: WireResponse {
    let message: String
    let verified: Bool
    /// May be sent with the registration, which then accepts only this verification.
    let verificationToken: String
}

struct VerificationStatusParameters: Codable, Sendable, Validated {
    var email: String

    static let rules: [Rule<Self>] = [EmailAddress.rule("email") { $0.email }]
}

struct VerificationStatusResponse: WireResponse {
    let verified: Bool
}

struct EmailVerificationEndpoints: Sendable {
    let verification: EmailVerificationService

    private static let base = "/api/auth/email-verification"

    var all: [Endpoint] {
        [
            .post(
                "\(Self.base)/start", "Mail a verification code to an address",
                """
                Anyone. Sends six digits, at most once a minute for an address. It does the same for an address \
                that has an account.
                """,
                access: .public, fails: [VerificationError.tooMany(retryAfter: .seconds(60)), .noMail],
                settings: .code, use: start),
            .post(
                "\(Self.base)/verify", "Verify an address with its code",
                "Anyone with the code. The address is verified for the next 30 minutes.", access: .public,
                fails: [VerificationError.invalidCode], settings: .code, use: verify),
            .get(
                "\(Self.base)/status", "Whether an address is verified and not registered yet",
                "Anyone. Tells a form whether it can go on.", access: .public, settings: .code, use: status),
        ]
    }

    func start(_ request: EndpointRequest<NoParameters, StartVerificationRequest>) async throws -> MessageResponse {
        try await verification.start(try EmailAddress.required(request.body.email), by: request.origin)
        return MessageResponse(message: "A verification code is on its way. It is valid for 10 minutes.")
    }

    func verify(_ request: EndpointRequest<NoParameters, EmailCodeRequest>) async throws -> VerifiedResponse {
        let token = try await verification.verify(
            try EmailAddress.required(request.body.email), code: request.body.otp, by: request.origin)
        return VerifiedResponse(
            message: "E-mail address verified successfully", verified: true, verificationToken: token)
    }

    func status(_ request: EndpointRequest<VerificationStatusParameters, NoBody>) async throws
        -> VerificationStatusResponse
    {
        VerificationStatusResponse(
            verified: try await verification.isVerified(try EmailAddress.required(request.parameters.email)))
    }
}
