import CareSyncCore
import WebAPI

struct ForgotPasswordRequest: Codable, Sendable, Validated {
    var email: String

    static let rules: [Rule<Self>] = [EmailAddress.rule("email") { $0.email }]
}

struct ResetPasswordRequest: Codable, Sendable, Validated {
    /// From the mailed link.
    var token: String
    var newPassword: String
    var confirmPassword: String

    static let rules: [Rule<Self>] = [
        .length("token", \.token, 1...200),
        PasswordPolicy.rule("newPassword") { PasswordPolicy.complaint($0.newPassword) },
        SignInRequest.passwordRule("confirmPassword") { $0.confirmPassword },
    ]
}

struct ResetPasswordByCodeRequest: Codable, Sendable, Validated {
    var email: String
    /// The code that was verified before.
    var otp: String
    var newPassword: String
    var confirmPassword: String

    static let rules: [Rule<Self>] = [
        EmailAddress.rule("email") { $0.email },
        OneTimeCode.rule("otp") { $0.otp },
        PasswordPolicy.rule("newPassword") { PasswordPolicy.complaint($0.newPassword) },
        SignInRequest.passwordRule("confirmPassword") { $0.confirmPassword },
    ]
}

struct PasswordResetEndpoints: Sendable {
    let resets: PasswordResetService

    /// The same whether or not there is such an account.
    private static let asked = "If there is an account with this address, a mail is on its way."
    private static let done = "Password reset successfully. Sign in with the new password."

    var all: [Endpoint] {
        [
            .post(
                "/api/auth/forgot-password", "Mail a link for setting a new password",
                "Anyone. The answer is the same whether or not there is such an account.", access: .public,
                fails: [PasswordResetError.noMail], settings: .code, use: askForLink),
            .post(
                "/api/auth/reset-password", "Set a new password with the token of a mailed link",
                "Anyone with the link. All sessions of the account end.", access: .public,
                fails: [PasswordResetError.invalidToken, .mismatch], settings: .code, use: resetByLink),
            .post(
                "/api/auth/forgot-password-otp", "Mail a code for setting a new password",
                "Anyone. The answer is the same whether or not there is such an account.", access: .public,
                fails: [PasswordResetError.noMail], settings: .code, use: askForCode),
            .post(
                "/api/auth/verify-otp", "Verify an address with its code",
                "Anyone with the code; `reset-password-otp` needs this first.", access: .public,
                fails: [PasswordResetError.invalidCode], settings: .code, use: verify),
            .post(
                "/api/auth/reset-password-otp", "Set a new password with a verified code",
                "Anyone with the code. All sessions of the account end.", access: .public,
                fails: [PasswordResetError.invalidCode, .notVerified, .mismatch], settings: .code, use: resetByCode),
        ]
    }

    func askForLink(_ request: EndpointRequest<NoParameters, ForgotPasswordRequest>) async throws -> MessageResponse {
        try await resets.ask(.resetLink, for: try EmailAddress.required(request.body.email), by: request.origin)
        return MessageResponse(message: Self.asked)
    }

    func askForCode(_ request: EndpointRequest<NoParameters, ForgotPasswordRequest>) async throws -> MessageResponse {
        try await resets.ask(.resetPassword, for: try EmailAddress.required(request.body.email), by: request.origin)
        return MessageResponse(message: Self.asked)
    }

    func verify(_ request: EndpointRequest<NoParameters, EmailCodeRequest>) async throws -> MessageResponse {
        try await resets.verify(request.body.otp, of: try EmailAddress.required(request.body.email), by: request.origin)
        return MessageResponse(message: "Code verified successfully")
    }

    func resetByLink(_ request: EndpointRequest<NoParameters, ResetPasswordRequest>) async throws -> MessageResponse {
        let form = request.body
        try await resets.reset(
            token: form.token, to: NewPassword(text: form.newPassword, repetition: form.confirmPassword),
            by: request.origin)
        return MessageResponse(message: Self.done)
    }

    func resetByCode(_ request: EndpointRequest<NoParameters, ResetPasswordByCodeRequest>) async throws
        -> MessageResponse
    {
        let form = request.body
        try await resets.reset(
            form.otp, of: try EmailAddress.required(form.email),
            to: NewPassword(text: form.newPassword, repetition: form.confirmPassword), by: request.origin)
        return MessageResponse(message: Self.done)
    }
}
