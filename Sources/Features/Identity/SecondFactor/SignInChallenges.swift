import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// The time between a right password and the second proof.
struct SignInChallenges: Sendable {
    let database: any Database
    let sessions: SessionService
    let checks: FactorChecks
    let signInGuard: SignInGuard

    private static let tokenBytes = 32

    private var now: Instant { database.services.time.now }

    /// Begins one in the transaction that checked the password.
    func begin(
        for account: Account, _ factor: SecondFactor, from origin: SignInOrigin, db: any Connection
    ) throws -> SecondFactorDue {
        let token = db.scope.services.random.bytes(Self.tokenBytes)
        try SecondFactorRepository(db: db).insertChallenge(
            tokenHash: Digest.sha256(token), user: account.id, passwordDigest: Self.digest(account),
            address: origin.request.address, at: now)
        db.audit(
            AuditEntry(
                .login, "users", account.id.description, by: origin.request, outcome: .denied,
                reason: "SECOND_FACTOR_REQUIRED"))
        var isCodeSent = false
        if factor.method == .email,
            case .issued = try checks.mailCode(to: account, from: origin.request.address, db: db)
        {
            isCodeSent = true
        }
        return SecondFactorDue(
            token: Base64.urlText(token), methods: [ChallengeMethod(factor.method), .recoveryCode],
            isCodeSent: isCodeSent)
    }

    private enum Answered: Sendable {
        case granted(SessionGrant)
        case refused(ChallengeError)
    }

    /// Signs in with the second proof. The try is counted in the transaction that checks it, also when it is wrong,
    /// like a wrong password.
    func answer(_ token: String, code: String, from origin: SignInOrigin) async throws -> SessionGrant {
        guard let bytes = Base64.decode(token), bytes.count == Self.tokenBytes,
            let account = try await account(ofChallenge: bytes)
        else {
            try signInGuard.gate.require(nil, at: origin.request, now: now)
            throw ChallengeError.invalid
        }
        return try await signInGuard.attempt(at: account.username, of: account.role, from: origin) { attempt in
            let answered = try await database.write { db in try answer(bytes, code, attempt, origin, db) }
            switch answered {
            case .granted(let grant): return grant
            case .refused(let error): throw error
            }
        }
    }

    private func account(ofChallenge token: [UInt8]) async throws -> (username: String, role: Role)? {
        try await database.read { [now] db in
            try SecondFactorRepository(db: db).account(ofChallenge: Digest.sha256(token), at: now)
        }
    }

    private func answer(
        _ token: [UInt8], _ code: String, _ attempt: SignInAttempt, _ origin: SignInOrigin, _ db: any Connection
    ) throws -> Answered {
        let factors = SecondFactorRepository(db: db)
        guard let challenge = try factors.tryChallenge(Digest.sha256(token), at: now),
            let factor = try factors.find(challenge.userID),
            let account = try AccountRepository(db: db).find(challenge.userID), account.isActive,
            constantTimeEquals(Self.digest(account), challenge.passwordDigest)
        else { return .refused(.invalid) }
        switch try checks.judge(code, for: factor, by: origin.request, db: db) {
        case .right: break
        case .exhausted: throw SecondFactorError.tooManyAttempts
        case .wrong:
            try attempt.fail(db)
            noteFailure(account, origin, db)
            return .refused(.wrongCode)
        }
        guard let account = try AccountRepository(db: db).noteSignIn(account, upgradedHash: nil, at: now) else {
            return .refused(.invalid)
        }
        try factors.consume(challenge, at: now)
        try attempt.succeed(db)
        let grant = try sessions.open(for: account, from: origin, by: .factor, db: db)
        db.audit(
            AuditEntry(
                .login, "sessions", grant.principal.sessionID.description, by: origin.known(as: grant.principal),
                reason: "SECOND_FACTOR"))
        return .granted(grant)
    }

    private func noteFailure(_ account: Account, _ origin: SignInOrigin, _ db: any Connection) {
        db.audit(
            AuditEntry(
                .loginFailed, "users", account.id.description, by: origin.request, outcome: .denied,
                reason: ChallengeError.wrongCode.problem.code))
    }

    private static func digest(_ account: Account) -> [UInt8] { Digest.sha256(Array(account.passwordHash.utf8)) }
}
