package import CareSyncCore
import Concurrency
import Foundation
import JWTKit

/// Signs and verifies access tokens: HS256, one issuer, one audience, one type.
package struct TokenSigner: Sendable {
    /// How far the clocks of two machines may differ.
    package static let leeway = TimeSpan.seconds(30)

    private static let algorithm = "HS256"
    /// Genuine tokens are far shorter.
    private static let maximumBytes = 4_096

    private let keys: JWTKeyCollection
    private let keyIDs: Set<String>
    private let signingID: JWKIdentifier
    /// The claims of tokens whose signature has been checked.
    private let verified = BoundedCache<TokenDigest, AccessClaims>(limit: 10_000)

    /// Keys are added to JWTKit's collection by awaiting it, so there is no initialiser.
    package static func make(_ secrets: TokenSecrets) async -> TokenSigner {
        let keys = JWTKeyCollection()
        for key in secrets.keys {
            await keys.add(
                hmac: HMACKey(key: key.secret.key), digestAlgorithm: .sha256, kid: JWKIdentifier(string: key.id))
        }
        return TokenSigner(
            keys: keys, keyIDs: Set(secrets.keys.map(\.id)), signingID: JWKIdentifier(string: secrets.signing.id))
    }

    private init(keys: JWTKeyCollection, keyIDs: Set<String>, signingID: JWKIdentifier) {
        self.keys = keys
        self.keyIDs = keyIDs
        self.signingID = signingID
    }

    /// Throws ``UnsafeClaim`` when the user name or the token id is not text that every client can decode.
    package func sign(_ claims: AccessClaims) async throws -> String {
        try await keys.sign(AccessPayload(claims), kid: signingID)
    }

    /// The claims of a token that is genuine and current; throws ``TokenError``.
    package func verify(_ token: String, now: Instant) async throws -> AccessClaims {
        if let digest = TokenDigest(token), let claims = verified[digest] {
            try Self.checkTimes(claims, now: now)
            return claims
        }
        try checkForm(token)
        let payload: AccessPayload
        do {
            payload = try await keys.verify(token)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw TokenError.invalid
        }
        let claims = try payload.claims()
        try Self.checkTimes(claims, now: now)
        if let digest = TokenDigest(token) { verified.insert(claims, for: digest) }
        return claims
    }

    /// The claims of a token that ``verify(_:now:)`` has accepted before and that is still current, without awaiting.
    /// `nil` says only that it must be verified.
    package func cached(_ token: some StringProtocol, now: Instant) -> AccessClaims? {
        guard let digest = TokenDigest(token), let claims = verified[digest], Self.isCurrent(claims, at: now) else {
            return nil
        }
        return claims
    }

    private static func isCurrent(_ claims: AccessClaims, at now: Instant) -> Bool {
        now < claims.expiresAt + leeway && claims.issuedAt <= now + leeway
    }

    private static func checkTimes(_ claims: AccessClaims, now: Instant) throws(TokenError) {
        guard claims.issuedAt <= now + leeway else { throw .invalid }
        guard now < claims.expiresAt + leeway else { throw .expired }
    }

    /// Looks at the header before JWTKit does, which takes the algorithm of the key but falls back to its default key
    /// for an unknown `kid`, and reads base64 leniently: one token has one spelling here.
    private func checkForm(_ token: String) throws(TokenError) {
        guard token.utf8.count <= Self.maximumBytes else { throw .invalid }
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Self.decode(parts[0]), Self.decode(parts[1]) != nil,
            let signature = Self.decode(parts[2]), signature.count == 32
        else { throw .invalid }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(headerBytes))
        } catch {
            throw .invalid
        }
        guard header.alg == Self.algorithm, let id = header.kid, keyIDs.contains(id), header.typ == "JWT",
            header.crit == nil
        else { throw .invalid }
    }

    /// Decodes base64url without padding, in its one canonical spelling.
    private static func decode(_ part: Substring.UTF8View) -> [UInt8]? {
        let text = String(decoding: part, as: UTF8.self)
        guard !text.isEmpty, let bytes = Base64.decode(text), Base64.urlText(bytes) == text else { return nil }
        return bytes
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let typ: String?
        let crit: [String]?
    }
}
