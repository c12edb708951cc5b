import AuditTrail
import CareSyncCore
import Cryptography
import Logging
import Persistence

struct SignInRequest: Codable, Sendable, Validated {
    var username: String
    var password: String

    static let rules: [Rule<Self>] = [
        Rule("username", .length(minimum: 1, maximum: 100)) { complaint($0.username, 100) },
        passwordRule("password") { $0.password },
    ]

    /// A password that is to be compared may be short or weak, but not so long that hashing it is work.
    static func passwordRule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .length(minimum: 1, maximum: 1000)) { complaint(text($0), 1000) }
    }

    private static func complaint(_ text: String, _ limit: Int) -> String? {
        (1...limit).contains(text.unicodeScalars.count) ? nil : "must have 1 to \(limit) characters"
    }
}

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
    func signIn(_ request: SignInRequest, from origin: SignInOrigin) async throws -> SessionGrant {
        try await signInGuard.guess(at: request.username, of: nil, from: origin) { guess in
            try await signIn(request, guess, from: origin)
        }
    }

    private func signIn(_ request: SignInRequest, _ guess: SignInAttempt, from origin: SignInOrigin) async throws
        -> SessionGrant
    {
        // The account may change while its password is checked; what was checked is then checked again.
        for _ in 0..<3 {
            let found = try await database.read { db in try AccountRepository(db: db).find(named: request.username) }
            let verdict = try await hasher.verify(request.password, against: found?.passwordHash)
            guard let account = found, case .right(let needsUpgrade) = verdict else {
                try await noteFailure(SignInError.invalidCredentials, of: found, from: origin, guess.fail)
                throw guess.restriction ?? SignInError.invalidCredentials
            }
            if let restriction = guess.restriction, account.role != .admin {
                try await noteFailure(restriction, of: account, from: origin, guess.release)
                throw restriction
            }
            guard account.isActive else {
                try await noteFailure(SignInError.accountInactive, of: account, from: origin, guess.release)
                throw SignInError.accountInactive
            }
            let upgraded = needsUpgrade ? await upgradedHash(of: request.password) : nil
            switch try await begin(account, guess, upgradedHash: upgraded, from: origin) {
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
        /// The account is not what was checked any more.
        case changed
    }

    private func begin(
        _ account: Account, _ guess: SignInAttempt, upgradedHash: String?, from origin: SignInOrigin
    ) async throws -> Begun {
        try await database.write { db in
            let (accounts, factors) = (AccountRepository(db: db), SecondFactorRepository(db: db))
            if let factor = try factors.find(account.id) {
                guard let account = try accounts.upgradePassword(of: account, to: upgradedHash) else {
                    return .changed
                }
                try guess.release(db)
                return .challenged(try challenges.begin(for: account, factor, from: origin, db: db))
            }
            let now = db.scope.services.time.now
            guard let account = try accounts.noteSignIn(account, upgradedHash: upgradedHash, at: now) else {
                return .changed
            }
            // The account is locked by now: a factor confirmed meanwhile is seen here.
            guard try factors.find(account.id) == nil else { return .changed }
            try guess.succeed(db)
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

    /// Best effort: a sign-in does not fail because its hash could not be made stronger.
    private func upgradedHash(of password: String) async -> String? {
        do {
            return try await hasher.hash(password)
        } catch {
            logger.info("password hash not upgraded", metadata: ["error": "\(type(of: error))"])
            return nil
        }
    }
}
