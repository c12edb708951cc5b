import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import HTTPTypes
import Testing

/// Access tokens that were forged, changed, or signed by a key that has been replaced, at the running system.
@Suite("Refused access tokens")
struct TokenRefusalTests {
    private static let first = Data((0..<48).map { UInt8($0) }).base64EncodedString()
    private static let second = Data((0..<48).map { UInt8($0 * 3 & 255) }).base64EncodedString()

    private static func code(_ token: String, in app: TestApp) async throws -> String? {
        let answer = try await app.get("/api/auth/current-user", headers: ["Authorization": "Bearer \(token)"])
        #expect(answer.status == (answer.problemCode == nil ? 200 : 401))
        return answer.problemCode
    }

    /// The token with another header, signed again with `key`, or not at all.
    private static func forged(_ token: String, header: [String: String], key: [UInt8]?) throws -> String {
        let payload = try #require(token.split(separator: ".").dropFirst().first)
        let head = Base64.urlText(Array(try JSONSerialization.data(withJSONObject: header)))
        let input = "\(head).\(payload)"
        guard let key else { return input + "." }
        return input + "." + Base64.urlText(KeyedHash(SecretBytes(key)).code(for: Array(input.utf8)))
    }

    @Test("alg none, other algorithms, unknown keys, foreign signatures and changed claims get 401")
    func forgeries() async throws {
        let environment = ["CARESYNC_JWT_SECRET": "k1:\(Self.first)"]
        let key = try #require(Base64.decode(Self.first))
        try await withApp(environment: environment) { app in
            let token = try await app.registerPatient().accessToken
            @Sendable func code(_ header: [String: String], _ key: [UInt8]?) async throws -> String? {
                let forged = try Self.forged(token, header: header, key: key)
                return try await Self.code(forged, in: app)
            }
            let right = ["alg": "HS256", "kid": "k1", "typ": "JWT"]
            #expect(try await Self.code(token, in: app) == nil)
            #expect(try await code(right, key) == nil)
            for alg in ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256"] {
                let header = right.merging(["alg": alg]) { $1 }
                #expect(try await code(header, key) == "TOKEN_INVALID")
                #expect(try await code(header, nil) == "TOKEN_INVALID")
            }
            for kid in ["k2", "../k1", ""] {
                let header = right.merging(["kid": kid]) { $1 }
                #expect(try await code(header, key) == "TOKEN_INVALID")
            }
            // A key that everyone knows, as when a public key is taken for a shared secret.
            for known in [Array("k1".utf8), [UInt8](repeating: 0, count: 32), Array(Self.first.utf8)] {
                #expect(try await code(right, known) == "TOKEN_INVALID")
            }
            let parts = token.split(separator: ".").map(String.init)
            let claims = String(decoding: try #require(Base64.decode(parts[1])), as: UTF8.self)
            let raised = claims.replacing("PATIENT", with: "ADMIN")
            #expect(raised != claims)
            let changed = [parts[0], Base64.urlText(Array(raised.utf8)), parts[2]].joined(separator: ".")
            #expect(try await Self.code(changed, in: app) == "TOKEN_INVALID")
        }
    }

    @Test("an expired token gets its own code, so that clients refresh")
    func expired() async throws {
        try await withApp { app in
            let token = try await app.registerPatient().accessToken
            app.time.advance(by: .minutes(15))
            #expect(try await Self.code(token, in: app) == nil)
            app.time.advance(by: .seconds(31))
            #expect(try await Self.code(token, in: app) == "TOKEN_EXPIRED")
        }
    }

    @Test(
        "the documented rotation refuses nobody, and ends the old key with its last step",
        arguments: DatabaseKind.available)
    func rotation(_ kind: DatabaseKind) async throws {
        let old = "k1:\(Self.first)"
        let new = "k2:\(Self.second)"
        try await withApp(kind, environment: ["CARESYNC_JWT_SECRET": old]) { before in
            let patient = try await before.registerPatient()
            let token = try await before.restarted(["CARESYNC_JWT_SECRET": "\(new),\(old)"]) { app in
                #expect(try await Self.code(patient.accessToken, in: app) == nil)
                return try await app.signIn(patient.username, patient.password, role: .patient).accessToken
            }
            // Not known to a node that was left out.
            #expect(try await Self.code(token, in: before) == "TOKEN_INVALID")
            try await before.restarted(["CARESYNC_JWT_SECRET": "\(old),\(new)"]) { app async throws -> Void in
                #expect(try await Self.code(token, in: app) == nil)
                #expect(try await Self.code(patient.accessToken, in: app) == nil)
            }
            try await before.restarted(["CARESYNC_JWT_SECRET": new]) { app async throws -> Void in
                #expect(try await Self.code(token, in: app) == nil)
                #expect(try await Self.code(patient.accessToken, in: app) == "TOKEN_INVALID")
                let refreshed = try await app.post(
                    "/api/auth/refresh", json: ["refreshToken": patient.refreshToken])
                #expect(refreshed.status == 200)
            }
        }
    }
}
