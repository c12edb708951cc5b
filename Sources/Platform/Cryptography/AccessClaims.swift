package import CareSyncCore
import JWTKit

/// The claims of an access token.
package struct AccessClaims: Sendable, Equatable {
    package let userID: UserID
    package let username: String
    package let role: Role
    package let sessionID: SessionID
    /// `jti`, unique per token.
    package let tokenID: String
    /// Whole seconds count; fractions are dropped.
    package let issuedAt: Instant
    package let expiresAt: Instant

    package init(
        userID: UserID, username: String, role: Role, sessionID: SessionID, tokenID: String,
        issuedAt: Instant, expiresAt: Instant
    ) {
        self.userID = userID
        self.username = username
        self.role = role
        self.sessionID = sessionID
        self.tokenID = tokenID
        self.issuedAt = Instant(seconds: issuedAt.seconds)
        self.expiresAt = Instant(seconds: expiresAt.seconds)
    }

    package var principal: Principal {
        Principal(userID: userID, username: username, role: role, sessionID: sessionID)
    }
}

/// Why a token is not accepted.
package enum TokenError: FailureCatalogue, Equatable, CaseIterable {
    case expired
    case invalid

    package var problem: Problem {
        switch self {
        case .expired: Problem(.unauthenticated, "TOKEN_EXPIRED", "The access token has expired.")
        case .invalid: Problem(.unauthenticated, "TOKEN_INVALID", "The access token is not valid.")
        }
    }
}

/// A claim that would make the token unreadable for clients that decode it with `atob`; names the claim.
package struct UnsafeClaim: Error, Equatable {
    package let claim: String
}

/// The claims in their wire form.
struct AccessPayload: JWTPayload, Equatable {
    static let issuer = "caresync"
    static let audience = "caresync-api"
    static let type = "access"

    let sub: String
    let iat: Int64
    let exp: Int64
    let jti: String
    let iss: String
    let aud: String
    let sessionId: String
    let role: String
    let uid: Int64
    let typ: String

    /// Refuses text that base64url would write with `-` or `_`, which `atob` does not read.
    ///
    /// A group of three bytes a, b, c below 128 gives the symbols a>>2 (at most 31), (a&3)<<4|b>>4 (bit 3 is clear),
    /// (b&15)<<2|c>>6 (bit 1 is clear) and c&63. The two symbols are 62 and 63, which have bits 1 to 5 set, so only the
    /// fourth can be one of them: when c is `>` or `~` (62), or `?` or DEL (63). Without these four, ASCII text never
    /// yields either, at any offset; the names, numbers and punctuation of the payload contain none of them.
    init(_ claims: AccessClaims) throws {
        for (name, text) in [("sub", claims.username), ("jti", claims.tokenID)] {
            guard text.utf8.allSatisfy(Self.isSafe) else { throw UnsafeClaim(claim: name) }
        }
        sub = claims.username
        iat = claims.issuedAt.seconds
        exp = claims.expiresAt.seconds
        jti = claims.tokenID
        iss = Self.issuer
        aud = Self.audience
        sessionId = String(claims.sessionID.rawValue)
        role = claims.role.rawValue
        uid = claims.userID.rawValue
        typ = Self.type
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        (0x20..<0x7E).contains(byte) && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "?")
    }

    /// Every claim but the times is as this program writes it.
    func claims() throws(TokenError) -> AccessClaims {
        guard iss == Self.issuer, aud == Self.audience, typ == Self.type, !sub.isEmpty, !jti.isEmpty,
            let user = UserID(checking: uid), let role = Role(rawValue: role),
            let number = Int64(sessionId), let session = SessionID(checking: number), String(number) == sessionId,
            Self.seconds.contains(iat), Self.seconds.contains(exp), iat < exp
        else { throw .invalid }
        return AccessClaims(
            userID: user, username: sub, role: role, sessionID: session, tokenID: jti,
            issuedAt: Instant(seconds: iat), expiresAt: Instant(seconds: exp))
    }

    /// Until the year 9999, far from where arithmetic overflows.
    private static let seconds: ClosedRange<Int64> = 0...253_402_300_799

    /// The signer checks the claims itself, against the clock it is given.
    func verify(using algorithm: some JWTAlgorithm) {}
}
