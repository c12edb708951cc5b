import AuditTrail
import CareSyncCore
import Cryptography
import Persistence
import WebAPI

/// Where a sign-in comes from.
struct SignInOrigin: Sendable {
    let request: RequestOrigin

    var userAgent: String? { request.keptUserAgent }

    func known(as principal: Principal) -> RequestOrigin { request.known(as: principal) }
}

/// What a transaction gives a client that signs in or refreshes; the access token is signed after the commit.
struct SessionGrant: Sendable {
    let principal: Principal
    let refreshToken: RefreshToken
    let user: AnyWireResponse

    /// The `message` of an answer to a sign-in.
    var greeting: String {
        if principal.mustChangePassword { return "Signed in. Change your password now." }
        if principal.mustEnrollFactor { return "Signed in. Set up a second factor now." }
        return "Login successful"
    }
}

/// Begins, continues, checks and ends sessions.
struct SessionService: Sendable {
    let database: any Database
    let signer: TokenSigner
    let tokens: RefreshTokens
    let cache: SessionCache
    let settings: IdentitySettings
    let gate: AddressGate
    let profiles: AccountProfiles

    private var now: Instant { database.services.time.now }

    // MARK: Beginning

    /// Begins a session in the transaction that checked the account.
    ///
    /// - Parameter proof: `factor` when the second factor was given as well.
    func open(
        for account: Account, from origin: SignInOrigin, by proof: IdentityProof = .any, db: any Connection
    ) throws -> SessionGrant {
        let now = now
        let secret = database.services.random.bytes(RefreshToken.secretCount)
        let id = try SessionRepository(db: db).insert(
            NewSession(
                userID: account.id, address: origin.request.address, userAgent: origin.userAgent, createdAt: now,
                expiresAt: now + settings.sessionLifetime, tokenHash: Digest.sha256(secret),
                tokenExpiresAt: now + settings.refreshLifetime(of: account.role), hasFactor: proof == .factor))
        return try grant(account, tokens.first(of: id, secret: secret), db: db)
    }

    func accessToken(for principal: Principal) async throws -> String {
        let now = now
        return try await signer.sign(
            AccessClaims(
                userID: principal.userID, username: principal.username, role: principal.role,
                sessionID: principal.sessionID, tokenID: database.services.random.uuid(), issuedAt: now,
                expiresAt: now + settings.accessLifetime))
    }

    private func grant(_ account: Account, _ token: RefreshToken, db: any Connection) throws -> SessionGrant {
        let principal = Principal(
            userID: account.id, username: account.username, role: account.role, sessionID: token.sessionID,
            mustChangePassword: account.mustChangePassword, mustEnrollFactor: try mustEnroll(account, db))
        let user =
            account.role == .admin
            ? AnyWireResponse(AdministratorResponse(account)) : try profiles.describe(db, account)
        return SessionGrant(principal: principal, refreshToken: token, user: user)
    }

    private func mustEnroll(_ account: Account, _ db: any Connection) throws -> Bool {
        guard settings.requiresFactor(of: account.role) else { return false }
        return try SecondFactorRepository(db: db).find(account.id) == nil
    }

    // MARK: Continuing

    private enum Refreshed: Sendable {
        case granted(SessionGrant)
        case inactive
        case refused
        /// Another request replaced the token between read and write.
        case overtaken
    }

    /// Returns the successor of a refresh token. When the token is refused, the end of its family is committed before
    /// the refusal is thrown.
    func refresh(_ text: String, by origin: RequestOrigin) async throws -> SessionGrant {
        guard let token = tokens.parse(text) else {
            try gate.require(nil, at: origin, now: now)
            throw SessionError.refreshInvalid
        }
        let outcome = try await database.write { db in
            // A request that was overtaken finds its token to be the parent, in the same transaction.
            for _ in 0..<3 {
                let attempt = try refresh(token, by: origin, db: db)
                if case .overtaken = attempt { continue }
                return attempt
            }
            return .refused
        }
        switch outcome {
        case .granted(let grant): return grant
        case .inactive: throw SignInError.accountInactive
        case .refused, .overtaken: throw SessionError.refreshInvalid
        }
    }

    private func refresh(_ token: RefreshToken, by origin: RequestOrigin, db: any Connection) throws -> Refreshed {
        let sessions = SessionRepository(db: db)
        let now = now
        let found = try sessions.find(token.sessionID)
        try gate.require(found?.account.role, at: origin, now: now)
        guard let (session, account) = found else { return .refused }
        // Also when the deactivation has ended the session already: the owner learns why.
        guard account.isActive else {
            try end(token.sessionID, .accountInactive, by: origin, db: db)
            return .inactive
        }
        guard session.endedAt == nil else { return .refused }
        let successor = tokens.successor(of: token)
        switch session.standing(of: token, now: now, grace: settings.refreshGrace) {
        case .current:
            let expiry = min(now + settings.refreshLifetime(of: account.role), session.expiresAt)
            let isRotated = try sessions.rotate(token, to: successor, at: now, expiresAt: expiry)
            return isRotated ? .granted(try grant(account, successor, db: db)) : .overtaken
        case .parentInGrace:
            // They differ only when the root secret was replaced within the grace.
            guard successor.hash == session.tokenHash else { return .refused }
            return .granted(try grant(account, successor, db: db))
        case .expired: return .refused
        case .reused:
            try end(token.sessionID, .refreshReused, by: origin, db: db)
            return .refused
        }
    }

    // MARK: Checking

    /// The account behind an access token, from memory if it was used recently.
    func authenticate(_ token: String) async throws -> Principal {
        let now = now
        let claims: AccessClaims
        if let known = signer.cached(token, now: now) {
            claims = known
        } else {
            claims = try await signer.verify(token, now: now)
        }
        let principal: Principal
        if let known = cache.principal(of: claims.sessionID, now: now) {
            principal = known
        } else {
            principal = try await lookUp(claims.sessionID, now: now)
        }
        guard principal.userID == claims.userID else { throw TokenError.invalid }
        return principal
    }

    private func lookUp(_ id: SessionID, now: Instant) async throws -> Principal {
        let removals = cache.removals
        let live = try await database.read { db in
            try SessionRepository(db: db).findLive(id, at: now, adminFactorRequired: settings.adminFactorRequired)
        }
        guard let live else { throw SessionError.revoked }
        cache.insert(live, now: now, ifRemovalsAre: removals)
        return live.principal
    }

    // MARK: Step-up

    /// Whether the session proved who uses it in the last minutes, by signing in or by stepping up.
    func isFresh(_ caller: Principal, _ proof: IdentityProof, at now: Instant) async throws -> Bool {
        let proved = try await database.read { db in
            try SessionRepository(db: db).authenticatedAt(caller.sessionID, proof)
        }
        return proved.map { now - $0 <= IdentitySettings.stepUpLifetime } ?? false
    }

    /// Records in a running transaction that the session has given a proof; returns when.
    @discardableResult
    func noteAuthentication(
        _ id: SessionID, by proof: IdentityProof, db: any Connection
    ) throws -> Instant {
        let now = now
        try SessionRepository(db: db).noteAuthentication(id, by: proof, at: now)
        return now
    }

    // MARK: Ending

    /// Ends the session of a refresh token, whichever of the family's it is; an unknown token ends nothing.
    func logOut(_ text: String, by origin: RequestOrigin) async throws {
        guard let token = tokens.parse(text) else { return }
        try await database.write { db in
            try end(token.sessionID, .logout, by: origin, db: db)
        }
    }

    /// Ends the sessions of an account, all or all but one. This node forgets them with the commit, others within 1 s.
    @discardableResult
    func endAll(
        of user: UserID, except kept: SessionID? = nil, _ reason: SessionEnd, db: any Connection
    ) throws -> [SessionID] {
        let ended = try SessionRepository(db: db).endAll(of: user, except: kept, reason, at: now)
        db.scope.afterCommit { [cache] in cache.drop(ended) }
        return ended
    }

    /// Makes every node read the session again: this one from the commit on, others within 1 s.
    func renew(_ id: SessionID, db: any Connection) throws {
        try SessionRepository(db: db).announce(id)
        db.scope.afterCommit { [cache] in cache.drop([id]) }
    }

    func end(_ id: SessionID, _ reason: SessionEnd, by origin: RequestOrigin, db: any Connection) throws {
        guard try SessionRepository(db: db).end(id, reason, at: now) else { return }
        let outcome: AuditEntry.Outcome = reason == .logout || reason == .revoked ? .success : .denied
        db.audit(
            AuditEntry(.logout, "sessions", id.description, by: origin, outcome: outcome, reason: reason.rawValue))
        db.scope.afterCommit { [cache] in cache.drop([id]) }
    }
}
