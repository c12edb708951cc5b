import CareSyncCore
import Foundation
import Testing

@testable import Cryptography

@Suite("Access tokens")
struct TokenTests {
    private static let now = Instant(seconds: 1_772_337_600)
    private static let key = [UInt8](0..<32)
    private static let oldKey = [UInt8](64..<96)

    private var secrets: String { "k2:\(Base64.text(Self.key)),k1:\(Base64.text(Self.oldKey))" }

    private func signer(_ text: String? = nil) async throws -> TokenSigner {
        await TokenSigner.make(try TokenSecrets(parsing: text ?? secrets, production: false))
    }

    private func claims(username: String = "asha.rao", tokenID: String = "t-1") -> AccessClaims {
        AccessClaims(
            userID: UserID(41), username: username, role: .doctor, sessionID: SessionID(99), tokenID: tokenID,
            issuedAt: Self.now, expiresAt: Self.now + .minutes(15))
    }

    private func part(_ token: String, _ index: Int) throws -> String {
        let parts = token.split(separator: ".").map(String.init)
        return try #require(parts.indices.contains(index) ? parts[index] : nil)
    }

    private func json(_ token: String, _ index: Int) throws -> [String: Any] {
        let data = Data(try #require(Base64.decode(try part(token, index))))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// A token with any header and payload, signed with any key.
    private func forge(
        header: [String: Any] = ["alg": "HS256", "typ": "JWT", "kid": "k2"], key: [UInt8] = key,
        _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> String {
        var payload: [String: Any] = [
            "sub": "asha.rao", "iat": 1_772_337_600, "exp": 1_772_338_500, "jti": "t-1", "iss": "caresync",
            "aud": "caresync-api", "sessionId": "99", "role": "DOCTOR", "uid": 41, "typ": "access",
        ]
        change(&payload)
        let parts = try [header, payload].map { Base64.urlText(Array(try JSONSerialization.data(withJSONObject: $0))) }
        let input = parts.joined(separator: ".")
        return input + "." + Base64.urlText(KeyedHash(SecretBytes(key)).code(for: utf8(input)))
    }

    @Test("a signed token verifies and carries every claim in its wire form")
    func roundTrip() async throws {
        let signer = try await signer()
        let token = try await signer.sign(claims())
        #expect(try await signer.verify(token, now: Self.now) == claims())
        let header = try json(token, 0)
        #expect(header["alg"] as? String == "HS256")
        #expect(header["kid"] as? String == "k2")
        let payload = try json(token, 1)
        #expect(payload["sub"] as? String == "asha.rao")
        #expect(payload["iat"] as? Int == 1_772_337_600)
        #expect(payload["exp"] as? Int == 1_772_338_500)
        #expect(payload["jti"] as? String == "t-1")
        #expect(payload["iss"] as? String == "caresync")
        #expect(payload["aud"] as? String == "caresync-api")
        #expect(payload["sessionId"] as? String == "99")
        #expect(payload["role"] as? String == "DOCTOR")
        #expect(payload["uid"] as? Int == 41)
        #expect(payload["typ"] as? String == "access")
        #expect(payload.count == 10)
    }

    @Test("a token made by hand from the same claims verifies, so the forgeries below fail for their own reason")
    func forgeryBaseline() async throws {
        #expect(try await signer().verify(forge(), now: Self.now) == claims())
    }

    @Test("the payload never contains a symbol that atob does not read")
    func atobSafe() async throws {
        let signer = try await signer()
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789._-")
        for _ in 0..<2_000 {
            let length = Int.random(in: 3...50)
            let name = String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
            let issued = Instant(seconds: .random(in: 0...9_999_999_999))
            let claims = AccessClaims(
                userID: UserID(.random(in: UserID.bounds)), username: name,
                role: Role.allCases.randomElement() ?? .admin, sessionID: SessionID(.random(in: SessionID.bounds)),
                tokenID: RandomSource.system.uuid(), issuedAt: issued, expiresAt: issued + .minutes(15))
            let payload = try part(try await signer.sign(claims), 1)
            #expect(!payload.contains("-") && !payload.contains("_"))
        }
    }

    @Test("every allowed character is safe at every offset of a group of three bytes")
    func everyCharacterIsSafe() async throws {
        let signer = try await signer()
        for byte in UInt8(0x20)..<0x7E where byte != UInt8(ascii: ">") && byte != UInt8(ascii: "?") {
            for length in 1...4 {
                let name = String(repeating: Character(Unicode.Scalar(byte)), count: length)
                let payload = try part(try await signer.sign(claims(username: name)), 1)
                #expect(!payload.contains("-") && !payload.contains("_"))
            }
        }
    }

    @Test(
        "a name or token id that atob could not read is not signed", arguments: ["a>b", "a?b", "a~b", "é", "a\u{7F}"])
    func unsafeClaims(text: String) async throws {
        let signer = try await signer()
        await #expect(throws: UnsafeClaim(claim: "sub")) { try await signer.sign(claims(username: text)) }
        await #expect(throws: UnsafeClaim(claim: "jti")) { try await signer.sign(claims(tokenID: text)) }
    }

    @Test("a token lives until 30 s after its expiry, and not before its issue")
    func times() async throws {
        let signer = try await signer()
        let token = try await signer.sign(claims())
        let end = Self.now + .minutes(15)
        for _ in 0..<2 {
            #expect(try await signer.verify(token, now: end + .seconds(29)) == claims())
            await #expect(throws: TokenError.expired) { try await signer.verify(token, now: end + .seconds(30)) }
            #expect(try await signer.verify(token, now: Self.now - .seconds(30)) == claims())
            await #expect(throws: TokenError.invalid) { try await signer.verify(token, now: Self.now - .seconds(31)) }
        }
        let fresh = try await self.signer()
        await #expect(throws: TokenError.expired) { try await fresh.verify(token, now: end + .hours(1)) }
    }

    @Test("a header other than HS256 under a known key is refused")
    func headers() async throws {
        let signer = try await signer()
        let headers: [[String: Any]] = [
            ["alg": "none", "typ": "JWT", "kid": "k2"], ["alg": "NONE", "typ": "JWT", "kid": "k2"],
            ["alg": "HS512", "typ": "JWT", "kid": "k2"], ["alg": "RS256", "typ": "JWT", "kid": "k2"],
            ["typ": "JWT", "kid": "k2"], ["alg": "HS256", "typ": "JWT"], ["alg": "HS256", "typ": "JWT", "kid": "k9"],
            ["alg": "HS256", "typ": "at+jwt", "kid": "k2"],
            ["alg": "HS256", "typ": "JWT", "kid": "k2", "crit": ["b64"]],
        ]
        for header in headers {
            let token = try forge(header: header)
            await #expect(throws: TokenError.invalid) { try await signer.verify(token, now: Self.now) }
            let unsigned = try part(token, 0) + "." + part(token, 1) + "."
            await #expect(throws: TokenError.invalid) { try await signer.verify(unsigned, now: Self.now) }
        }
    }

    @Test("a claim that is not as this program writes it is refused")
    func foreignClaims() async throws {
        let signer = try await signer()
        let changes: [(String, Any?)] = [
            ("aud", "other"), ("aud", ["caresync-api"]), ("aud", nil), ("iss", "other"), ("iss", nil),
            ("typ", "refresh"), ("typ", nil), ("role", "ROOT"), ("role", nil), ("uid", 0), ("uid", "41"), ("uid", nil),
            ("sessionId", "x"), ("sessionId", "099"), ("sessionId", 99), ("sessionId", nil), ("sub", ""), ("sub", nil),
            ("jti", nil), ("jti", ""), ("exp", nil), ("exp", 1_772_337_600), ("exp", Int64.max), ("exp", 1.5),
            ("iat", nil),
            ("iat", -1), ("iat", 1_772_337_700),
        ]
        for (name, value) in changes {
            let token = try forge { $0[name] = value }
            await #expect(throws: TokenError.invalid, "\(name)") { try await signer.verify(token, now: Self.now) }
        }
    }

    @Test("a token signed by another key, or by the key of another kid, is refused")
    func otherKeys() async throws {
        let signer = try await signer()
        for key in [[UInt8](1..<33), Self.oldKey, [UInt8](repeating: 0, count: 32)] {
            let token = try forge(key: key)
            await #expect(throws: TokenError.invalid) { try await signer.verify(token, now: Self.now) }
        }
    }

    @Test("a change of any symbol of a token is noticed")
    func tampering() async throws {
        let signer = try await signer()
        let token = utf8(try await signer.sign(claims()))
        _ = try await signer.verify(String(decoding: token, as: UTF8.self), now: Self.now)
        for index in token.indices {
            for symbol in [UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "=")] where symbol != token[index] {
                var changed = token
                changed[index] = symbol
                let text = String(decoding: changed, as: UTF8.self)
                await #expect(throws: TokenError.invalid) { try await signer.verify(text, now: Self.now) }
                #expect(signer.cached(text, now: Self.now) == nil)
            }
        }
    }

    @Test("text that is no token is refused", arguments: ["", ".", "..", "a.b", "a.b.c.d", "é.é.é", "ey.ey.ey"])
    func noToken(text: String) async throws {
        let signer = try await signer()
        await #expect(throws: TokenError.invalid) { try await signer.verify(text, now: Self.now) }
        let long = String(repeating: "a", count: 5_000)
        await #expect(throws: TokenError.invalid) { try await signer.verify(long, now: Self.now) }
    }

    @Test("after a rotation the old key still verifies, until it leaves the list")
    func rotation() async throws {
        let token = try await signer("k1:\(Base64.text(Self.oldKey))").sign(claims())
        #expect(try await signer().verify(token, now: Self.now) == claims())
        let without = try await signer("k2:\(Base64.text(Self.key))")
        await #expect(throws: TokenError.invalid) { try await without.verify(token, now: Self.now) }
    }

    @Test("a bare secret can be rotated into a list under its id")
    func bareSecret() async throws {
        let bare = Base64.text(Self.oldKey)
        let token = try await signer(bare).sign(claims())
        let listed = try await signer("k2:\(Base64.text(Self.key)),default:\(bare)")
        #expect(try await listed.verify(token, now: Self.now) == claims())
    }

    @Test("a verified token is found without awaiting, while it is current")
    func cache() async throws {
        let signer = try await signer()
        let token = try await signer.sign(claims())
        #expect(signer.cached(token, now: Self.now) == nil)
        _ = try await signer.verify(token, now: Self.now)
        #expect(signer.cached(token, now: Self.now) == claims())
        #expect(signer.cached("Bearer \(token)".dropFirst(7), now: Self.now) == claims())
        #expect(signer.cached(token, now: Self.now + .minutes(15) + .seconds(30)) == nil)
        #expect(signer.cached(token + "x", now: Self.now) == nil)
    }
}

@Suite("Token secrets")
struct TokenSecretsTests {
    private func complaint(_ text: String, production: Bool = false) -> String? {
        CryptographyTests.complaint { _ = try TokenSecrets(parsing: text, production: production) }
    }

    @Test("a bare secret is base64 if that gives 32 bytes, else its text")
    func bare() throws {
        let bytes = [UInt8](0..<32)
        #expect(try TokenSecrets(parsing: Base64.text(bytes) + "\n", production: true).signing.secret.bytes == bytes)
        let text = "wrong horse battery staple, again"
        #expect(try TokenSecrets(parsing: text, production: true).signing.secret.bytes == utf8(text))
        let shortAsBase64 = "abcdefghijklmnopqrstuvwxyzabcdef"
        #expect(
            try TokenSecrets(parsing: shortAsBase64, production: true).signing.secret.bytes == utf8(shortAsBase64))
    }

    @Test("short secrets are refused with their size")
    func short() {
        #expect(complaint("short") == "has 5 bytes; at least 32 are needed")
        #expect(complaint("") == "has 0 bytes; at least 32 are needed")
        #expect(complaint("a:AAAA") == "entry 1 ('a') has 3 bytes; at least 32 are needed")
    }

    @Test(
        "example secrets are refused in production only",
        arguments: [
            "changeme-changeme-changeme-changeme", "your-secret-key-with-at-least-32-characters",
            "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "k1:eW91ci1zZWNyZXQta2V5LXdpdGgtYXQtbGVhc3QtMzItY2hhcmFjdGVycw==",
        ])
    func placeholders(text: String) throws {
        let message = try #require(complaint(text, production: true))
        #expect(message.hasSuffix("that is an example or not random"))
        #expect(complaint(text, production: false) == nil)
    }
}
