import CareSyncCore
import Persistence

/// Why a session ended; stored, and the reason of the audit entry.
package enum SessionEnd: String, Sendable, CaseIterable {
    case logout = "LOGOUT"
    case passwordChanged = "PASSWORD_CHANGED"
    case passwordReset = "PASSWORD_RESET"
    case accountInactive = "ACCOUNT_INACTIVE"
    /// A replaced refresh token was used again: somebody else may have a copy.
    case refreshReused = "REFRESH_REUSED"
    case administrator = "ADMINISTRATOR"
    /// The account's owner ended it from another session.
    case revoked = "REVOKED"
    /// The account got a second factor, which the session had not given.
    case factorChanged = "FACTOR_CHANGED"
    /// Its refresh token was not used in time.
    case expired = "EXPIRED"
}

/// What refreshing needs of a row of `sessions`, which is also the family of its refresh tokens.
struct Session: RowDecodable {
    let id: SessionID
    let userID: UserID
    let expiresAt: Instant
    let generation: Int64
    let tokenHash: [UInt8]
    let tokenExpiresAt: Instant
    let parentHash: [UInt8]?
    let rotatedAt: Instant?
    let endedAt: Instant?

    init(row: Row) throws {
        id = try row.value("id")
        userID = try row.value("user_id")
        expiresAt = try row.value("expires_at")
        generation = try row.value("generation")
        tokenHash = try row.value("token_hash")
        tokenExpiresAt = try row.value("token_expires_at")
        parentHash = try row.value("parent_hash")
        rotatedAt = try row.value("rotated_at")
        endedAt = try row.value("ended_at")
    }

    /// What a genuine token of this family is to it.
    enum Standing {
        case current
        /// Replaced a moment ago; its successor is the current token.
        case parentInGrace
        case expired
        /// Older, or unknown to this database.
        case reused
    }

    func standing(of token: RefreshToken, now: Instant, grace: TimeSpan) -> Standing {
        let generation = Int64(token.generation)
        if generation == self.generation, token.hash == tokenHash {
            return now < tokenExpiresAt && now < expiresAt ? .current : .expired
        }
        if generation + 1 == self.generation, token.hash == parentHash, let rotatedAt, now <= rotatedAt + grace {
            return now < expiresAt ? .parentInGrace : .expired
        }
        return .reused
    }
}

/// A new row of `sessions`.
struct NewSession {
    let userID: UserID
    let address: String
    let userAgent: String?
    let createdAt: Instant
    let expiresAt: Instant
    let tokenHash: [UInt8]
    let tokenExpiresAt: Instant
    /// Whether it began with a second factor.
    let hasFactor: Bool
}

/// A session with the account it belongs to, as far as a request needs them.
struct LiveSession {
    let principal: Principal
    let expiresAt: Instant
    let lastActivityAt: Instant
}

extension LiveSession: RowDecodable {
    init(row: Row) throws {
        principal = Principal(
            userID: try row.value("user_id"), username: try row.value("username"), role: try row.value("role"),
            sessionID: try row.value("id"), mustChangePassword: try row.value("must_change_password"),
            mustEnrollFactor: try row.value("must_enroll"))
        expiresAt = try row.value("expires_at")
        lastActivityAt = try row.value("last_activity_at")
    }
}

enum SessionError: FailureCatalogue, CaseIterable {
    case revoked
    case refreshInvalid

    var problem: Problem {
        switch self {
        case .revoked: Problem(.unauthenticated, "SESSION_REVOKED", "This session has ended. Sign in again.")
        case .refreshInvalid:
            Problem(.unauthenticated, "REFRESH_INVALID", "The refresh token is not valid. Sign in again.")
        }
    }
}
