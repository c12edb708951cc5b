import AuditTrail
import CareSyncCore
import Cryptography
import Mail
import Persistence

/// A factor whose owner is to confirm it.
struct PendingFactor: Sendable {
    let method: SecondFactorMethod
    /// Of an app: what it is told.
    let secret: String?
    let uri: String?
    let expiresAt: Instant
}

/// Sets up and removes second factors.
struct SecondFactorService: Sendable {
    let database: any Database
    let sessions: SessionService
    let checks: FactorChecks
    let settings: IdentitySettings

    private static let issuer = "CareSync"

    private var now: Instant { database.services.time.now }

    /// Begins an enrolment, replacing an unconfirmed one. An existing factor stays until it is confirmed.
    func enrol(_ method: SecondFactorMethod, for caller: Principal, by origin: RequestOrigin) async throws
        -> PendingFactor
    {
        guard method != .email || settings.isMailAvailable else { throw FactorMailError.noMail }
        let secret = method == .totp ? checks.newSecret() : nil
        let sealed = try secret.map { try checks.seal($0, of: caller.userID) }
        let expiresAt = now + FactorEnrolment.lifetime
        try await database.write { db in
            try SecondFactorRepository(db: db).insert(
                method, secret: sealed, of: caller.userID, expiresAt: expiresAt)
            if method == .email { try mailCode(to: caller, origin, db) }
        }
        return PendingFactor(
            method: method, secret: secret.map { Base32.text($0.bytes) },
            uri: secret.map { TimeCodes($0).uri(issuer: Self.issuer, account: caller.username) },
            expiresAt: expiresAt)
    }

    private func mailCode(to caller: Principal, _ origin: RequestOrigin, _ db: any Connection) throws {
        guard let account = try AccountRepository(db: db).find(caller.userID) else { throw SessionError.revoked }
        guard case .refused(let wait) = try checks.mailCode(to: account, from: origin.address, db: db) else { return }
        throw FactorMailError.tooMany(retryAfter: wait)
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
            guard let enrolment = try factors.tryEnrolment(of: caller.userID, at: now) else {
                return .refused(.noEnrolment)
            }
            let step = try self.step(of: FactorChecks.normalized(code), enrolment, at: now, db)
            guard let step else { return .refused(.wrongCode) }
            try factors.insert(enrolment, step: step, at: now)
            try factors.deleteEnrolment(of: caller.userID)
            let codes = try checks.newRecoveryCodes(of: caller.userID, db: db)
            try sessions.noteAuthentication(caller.sessionID, by: .factor, db: db)
            try sessions.endAll(of: caller.userID, except: caller.sessionID, .factorChanged, db: db)
            try sessions.renew(caller.sessionID, db: db)
            audit("SECOND_FACTOR_ENROLLED", caller, origin, db)
            try db.enqueue(AccountMails.factorEnrolled(caller.userID, at: now))
            return .done(codes)
        }
        switch confirmed {
        case .done(let codes): return codes
        case .refused(let error): throw error
        }
    }

    /// The step of the app's clock that the right code stands for; 0 for a mailed one.
    private func step(
        of code: String, _ enrolment: FactorEnrolment, at now: Instant, _ db: any Connection
    ) throws -> Int64? {
        switch enrolment.method {
        case .totp: try checks.step(of: code, enrolment.sealedSecret, enrolment.userID, after: 0, at: now)
        case .email: try checks.usesUpMailed(code, of: enrolment.userID, db: db) ? 0 : nil
        }
    }

    /// A new set of recovery codes; the old ones are void.
    func renewRecoveryCodes(for caller: Principal, by origin: RequestOrigin) async throws -> [String] {
        try await database.write { db in
            // Locks the account, so that of two sets created at once one is void.
            guard try AccountRepository(db: db).touch(caller.userID, at: now) else { throw SessionError.revoked }
            guard try SecondFactorRepository(db: db).find(caller.userID) != nil else {
                throw SecondFactorError.noFactor
            }
            audit("RECOVERY_CODES_RENEWED", caller, origin, db)
            try db.enqueue(AccountMails.codesRenewed(caller.userID, at: now))
            return try checks.newRecoveryCodes(of: caller.userID, db: db)
        }
    }

    func remove(for caller: Principal, by origin: RequestOrigin) async throws {
        guard !settings.requiresFactor(of: caller.role) else { throw SecondFactorError.mandatory }
        try await database.write { db in
            guard try SecondFactorRepository(db: db).delete(caller.userID) else { throw SecondFactorError.noFactor }
            audit("SECOND_FACTOR_REMOVED", caller, origin, db)
            try db.enqueue(AccountMails.factorRemoved(caller.userID, at: now))
        }
    }

    private func audit(_ reason: String, _ caller: Principal, _ origin: RequestOrigin, _ db: any Connection) {
        db.audit(AuditEntry(.accountChange, "second_factors", caller.userID.description, by: origin, reason: reason))
    }
}
