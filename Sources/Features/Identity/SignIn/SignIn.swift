import AuditTrail
import CareSyncCore
import Cryptography
import Logging
import Persistence

enum SignInError: FailureCatalogue, CaseIterable {
    case invalidCredentials
    case accountInactive

    var problem: Problem {
        switch self {
        case .invalidCredentials:
            Problem(.unauthenticated, "INVALID_CREDENTIALS", "The user name or the password is wrong.")
        case .accountInactive: Problem(.forbidden, "ACCOUNT_INACTIVE", "This account has been deactivated.")
        }
    }
}

/// Checks a password and begins a session. An unknown user name takes the same steps as a wrong password.
struct SignInService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let signInGuard: SignInGuard
    let sessions: SessionService
    let challenges: SignInChallenges
    let logger: Logger

    /// Throws ``SecondFactorDue`` when the password is right and a second proof has to follow.
    func signIn(_ username: String, _ password: String, from origin: SignInOrigin) async throws -> SessionGrant {
        try await signInGuard.attempt(at: username, of: nil, from: origin) { attempt in
            try await signIn(username, password, attempt, from: origin)
        }
    }

    private func signIn(
        _ username: String, _ password: String, _ attempt: SignInAttempt, from origin: SignInOrigin
    ) async throws -> SessionGrant {
        let turn = PasswordTurn.signIn(from: origin.request.address)
        // The account may change while its password is being checked; then it is checked again.
        for _ in 0..<3 {
            let found = try await database.read { db in try AccountRepository(db: db).find(named: username) }
            let verdict = try await hasher.verify(password, against: found?.passwordHash, turn: turn)
            guard let account = found, case .right(let needsUpgrade) = verdict else {
                try await noteFailure(SignInError.invalidCredentials, of: found, from: origin, attempt.fail)
                throw attempt.restriction ?? SignInError.invalidCredentials
            }
            if let restriction = attempt.restriction, account.role != .admin {
                try await noteFailure(restriction, of: account, from: origin, attempt.release)
                throw restriction
            }
            guard account.isActive else {
                try await noteFailure(SignInError.accountInactive, of: account, from: origin, attempt.release)
                throw SignInError.accountInactive
            }
            let upgraded = needsUpgrade ? await upgradedHash(of: password, turn) : nil
            switch try await begin(account, attempt, upgradedHash: upgraded, from: origin) {
            case .granted(let grant): return grant
            case .challenged(let due): throw due
            case .changed: continue
            }
        }
        throw DatabaseFailure.conflict(code: "account changing")
    }

    private enum Begun: Sendable {
        case granted(SessionGrant)
        case challenged(SecondFactorDue)
        /// The account has changed since it was checked.
        case changed
    }

    private func begin(
        _ account: Account, _ attempt: SignInAttempt, upgradedHash: String?, from origin: SignInOrigin
    ) async throws -> Begun {
        try await database.write { db in
            let (accounts, factors) = (AccountRepository(db: db), SecondFactorRepository(db: db))
            if let factor = try factors.find(account.id) {
                guard let account = try accounts.upgradePassword(of: account, to: upgradedHash) else {
                    return .changed
                }
                try attempt.release(db)
                return .challenged(try challenges.begin(for: account, factor, from: origin, db: db))
            }
            let now = db.now
            guard let account = try accounts.noteSignIn(account, upgradedHash: upgradedHash, at: now) else {
                return .changed
            }
            // The account is locked by now: a factor confirmed meanwhile is seen here.
            guard try factors.find(account.id) == nil else { return .changed }
            try attempt.succeed(db)
            let grant = try sessions.open(for: account, from: origin, db: db)
            db.audit(
                AuditEntry(
                    .login, "sessions", grant.principal.sessionID.description, by: origin.known(as: grant.principal)))
            return .granted(grant)
        }
    }

    /// The account is named by its id; a user name that belongs to nobody may be a mistyped password.
    private func noteFailure(
        _ error: any FailureCatalogue, of account: Account?, from origin: SignInOrigin,
        _ settle: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        try await database.write { db in
            try settle(db)
            db.audit(
                AuditEntry(
                    .loginFailed, "users", account?.id.description ?? "", by: origin.request, outcome: .denied,
                    reason: error.problem.code))
        }
    }

    /// Best effort: a sign-in does not fail because its hash could not be upgraded.
    private func upgradedHash(of password: String, _ turn: PasswordTurn) async -> String? {
        do {
            return try await hasher.hash(password, turn: turn)
        } catch {
            logger.info("password hash not upgraded", metadata: ["error": "\(type(of: error))"])
            return nil
        }
    }
}
