import CareSyncCore
import Cryptography
import Persistence

/// A factor whose owner is to confirm it.
struct PendingFactor: Sendable {
    let method: SecondFactorMethod
    let secret: String
    let uri: String
    let expiresAt: Instant
}

/// Sets factors up and takes them away.
struct SecondFactorService: Sendable {
    let database: any Database
    let sessions: SessionService
    let checks: FactorChecks
    let settings: IdentitySettings

    private static let issuer = "CareSync"

    private var now: Instant { database.services.time.now }

    /// Begins an enrolment, in place of one that was not confirmed. A factor that is there stays until then.
    func enrol(_ method: SecondFactorMethod, for caller: Principal) async throws -> PendingFactor {
        let secret = checks.newSecret()
        let sealed = try checks.seal(secret, of: caller.userID)
        let expiresAt = now + FactorEnrolment.lifetime
        try await database.write { db in
            try SecondFactorRepository(db: db).insert(
                method, secret: sealed, of: caller.userID, expiresAt: expiresAt)
        }
        return PendingFactor(
            method: method, secret: Base32.text(secret.bytes),
            uri: TimeCodes(secret).uri(issuer: Self.issuer, account: caller.username), expiresAt: expiresAt)
    }

    private enum Confirmed: Sendable {
        case done([String])
        case refused(SecondFactorError)
    }

    /// Makes the enrolled factor the account's, and ends the account's other sessions. The recovery codes are shown once.
    func confirm(_ code: String, for caller: Principal, by origin: RequestOrigin) async throws -> [String] {
        let confirmed = try await database.write { db -> Confirmed in
            let factors = SecondFactorRepository(db: db)
            let now = now
            // Locks the account against a sign-in that would begin a session without the factor.
            guard try AccountRepository(db: db).touch(caller.userID, at: now) else { throw SessionError.revoked }
            guard let enrolment = try factors.guessEnrolment(of: caller.userID, at: now) else {
                return .refused(.noEnrolment)
            }
            let step = try checks.step(
                of: FactorChecks.normalized(code), enrolment.sealedSecret, caller.userID, after: 0, at: now)
            guard let step else { return .refused(.wrongCode) }
            try factors.insert(enrolment, step: step, at: now)
            try factors.deleteEnrolment(of: caller.userID)
            let codes = try checks.newRecoveryCodes(of: caller.userID, db: db)
            try sessions.noteAuthentication(caller.sessionID, db: db)
            try sessions.endAll(of: caller.userID, except: caller.sessionID, .factorChanged, db: db)
            try sessions.renew(caller.sessionID, db: db)
            audit("SECOND_FACTOR_ENROLLED", caller, origin, db)
            return .done(codes)
        }
        switch confirmed {
        case .done(let codes): return codes
        case .refused(let error): throw error
        }
    }

    /// A new set of recovery codes; the old ones are void.
    func renewRecoveryCodes(for caller: Principal, by origin: RequestOrigin) async throws -> [String] {
        try await database.write { db in
            guard try SecondFactorRepository(db: db).find(caller.userID) != nil else {
                throw SecondFactorError.noFactor
            }
            audit("RECOVERY_CODES_RENEWED", caller, origin, db)
            return try checks.newRecoveryCodes(of: caller.userID, db: db)
        }
    }

    func remove(for caller: Principal, by origin: RequestOrigin) async throws {
        guard !settings.requiresFactor(of: caller.role) else { throw SecondFactorError.mandatory }
        try await database.write { db in
            guard try SecondFactorRepository(db: db).delete(caller.userID) else { throw SecondFactorError.noFactor }
            audit("SECOND_FACTOR_REMOVED", caller, origin, db)
        }
    }

    private func audit(_ reason: String, _ caller: Principal, _ origin: RequestOrigin, _ db: any Connection) {
        db.audit(AuditEntry(.accountChange, "second_factors", caller.userID.description, by: origin, reason: reason))
    }
}
