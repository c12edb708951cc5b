import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import Cryptography
@testable import Identity

/// An authenticator app.
struct AuthenticatorApp: Sendable {
    private let codes: TimeCodes

    /// - Parameter secret: base32, as the enrolment shows it.
    init(secret: String) throws {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var bits: [UInt8] = []
        for symbol in secret {
            let value = try #require(alphabet.firstIndex(of: symbol))
            bits += (0..<5).map { UInt8(value >> (4 - $0) & 1) }
        }
        codes = TimeCodes(
            SecretBytes((0..<bits.count / 8).map { byte in bits[byte * 8..<byte * 8 + 8].reduce(0) { $0 << 1 | $1 } }))
    }

    /// Empty, which is never right, should the library fail.
    func code(at moment: Instant) -> String { (try? codes.code(for: TimeCodes.step(at: moment))) ?? "" }
}

struct Enrollment: Decodable {
    let method: String
    let secret: String?
    let otpauthUri: String?
    let qrSvg: String?
    let qrPng: String?
}

struct RecoveryCodes: Decodable {
    let recoveryCodes: [String]
}

struct ChallengeReply: Decodable {
    let code: String
    let challengeToken: String
    let methods: [String]
}

/// Somebody whose account has a factor.
struct Enrolled: Sendable {
    let username: String
    let tokens: Tokens
    let app: AuthenticatorApp
    let recoveryCodes: [String]
}

extension IdentityApp {
    func enroll(_ token: String) async throws -> AuthenticatorApp {
        let reply = try await post("second-factor/enroll", ["method": "TOTP"], token: token)
        #expect(reply.status == 200, "\(reply.text)")
        return try AuthenticatorApp(secret: try #require(try reply.decode(Enrollment.self).secret))
    }

    func confirm(_ code: String, _ token: String) async throws -> Reply {
        try await post("second-factor/confirm", ["code": code], token: token)
    }

    /// Registers and sets a factor up.
    func registerWithFactor(_ username: String) async throws -> Enrolled {
        try await addFactor(to: username, try await register(username))
    }

    /// Sets a factor up. The step of its first code is used.
    func addFactor(to username: String, _ tokens: Tokens) async throws -> Enrolled {
        let app = try await enroll(tokens.accessToken)
        let reply = try await confirm(app.code(at: clock.now), tokens.accessToken)
        #expect(reply.status == 200, "\(reply.text)")
        return Enrolled(
            username: username, tokens: tokens, app: app,
            recoveryCodes: try reply.decode(RecoveryCodes.self).recoveryCodes)
    }

    /// Gives the password; the token of the challenge.
    func challenge(_ username: String) async throws -> String {
        let reply = try await logIn(username)
        #expect(reply.status == 401)
        let challenge: ChallengeReply = try reply.decode()
        #expect(challenge.code == "SECOND_FACTOR_REQUIRED")
        return challenge.challengeToken
    }

    func verify(_ token: String, _ code: String) async throws -> Reply {
        try await post("second-factor/verify", ["challengeToken": token, "code": code])
    }
}
