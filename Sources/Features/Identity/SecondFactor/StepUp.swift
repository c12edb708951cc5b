import AuditTrail
import CareSyncCore
import Cryptography
import Persistence
import WebAPI

enum StepUpError: FailureCatalogue, CaseIterable {
    case passwordWrong
    case codeWrong
    case passwordMissing
    case codeMissing
    case codeMailed
    case locked

    var problem: Problem {
        switch self {
        case .passwordWrong: .invalid("password", "CURRENT_PASSWORD_WRONG", "The password is wrong.")
        case .codeWrong: SecondFactorError.wrongCode.problem
        case .passwordMissing: .invalid("password", "PASSWORD_REQUIRED", "Enter your password.")
        case .codeMailed:
            .invalid("code", "CODE_REQUIRED", "Enter the code that was sent to your e-mail address.")
        case .codeMissing: .invalid("code", "CODE_REQUIRED", "Enter a code of your second factor.")
        case .locked: SecondFactorError.tooManyAttempts.problem
        }
    }
}

/// A proof for stepping up.
struct StepUpProof: Sendable {
    var password: String?
    var code: String?
}

/// Proves the identity behind a session again, by password or code (rules/second-factor 4). Wrong ones count like those
/// of sign-ins.
struct StepUpService: Sendable {
    let database: any Database
    let passwords: PasswordCheck
    let signInGuard: SignInGuard
    let sessions: SessionService
    let checks: FactorChecks

    /// When the proof was given.
    func stepUp(_ proof: StepUpProof, for caller: Principal, from origin: SignInOrigin) async throws -> Instant {
        let (account, factor) = try await database.read { db in
            (try AccountRepository(db: db).find(caller.userID), try SecondFactorRepository(db: db).find(caller.userID))
        }
        guard let account else { throw SessionError.revoked }
        guard factor != nil, let code = proof.code else {
            guard let password = proof.password else { throw try await missing(factor, account, origin) }
            return try await prove(password, of: account, caller, origin)
        }
        return try await signInGuard.attempt(at: account.username, of: account.role, from: origin) { attempt in
            let at = try await database.write { db -> Instant? in
                let verdict = try SecondFactorRepository(db: db).find(caller.userID).map {
                    try checks.judge(code, for: $0, by: origin.request, db: db)
                }
                if verdict == .exhausted { throw SecondFactorError.tooManyAttempts }
                guard verdict == .right else {
                    try attempt.fail(db)
                    db.audit(Self.failure(.codeWrong, caller, origin))
                    return nil
                }
                try attempt.succeed(db)
                return try note(caller, .factor, origin, db)
            }
            guard let at else { throw StepUpError.codeWrong }
            return at
        }
    }

    /// An account with the factor by mail gets a code by asking without one.
    private func missing(
        _ factor: SecondFactor?, _ account: Account, _ origin: SignInOrigin
    ) async throws -> StepUpError {
        guard let factor else { return .passwordMissing }
        guard factor.method == .email else { return .codeMissing }
        try await database.write { db in
            _ = try checks.mailCode(to: account, from: origin.request.address, db: db)
        }
        return .codeMailed
    }

    private func prove(
        _ password: String, of account: Account, _ caller: Principal, _ origin: SignInOrigin
    ) async throws -> Instant {
        try await passwords.require(
            password, of: account, from: origin, otherwise: StepUpError.passwordWrong,
            Self.failure(.passwordWrong, caller, origin))
        let at = try await database.write { db -> Instant? in
            // The password has changed, so the proof is void.
            guard try AccountRepository(db: db).find(caller.userID)?.passwordHash == account.passwordHash else {
                return nil
            }
            return try note(caller, .any, origin, db)
        }
        guard let at else { throw StepUpError.passwordWrong }
        return at
    }

    private func note(
        _ caller: Principal, _ proof: IdentityProof, _ origin: SignInOrigin, _ db: any Connection
    ) throws -> Instant {
        db.audit(
            AuditEntry(.login, "sessions", caller.sessionID.description, by: origin.request, reason: "STEP_UP"))
        return try sessions.noteAuthentication(caller.sessionID, by: proof, db: db)
    }

    private static func failure(_ error: StepUpError, _ caller: Principal, _ origin: SignInOrigin) -> AuditEntry {
        AuditEntry(
            .loginFailed, "sessions", caller.sessionID.description, by: origin.request, outcome: .denied,
            reason: error.problem.code)
    }
}
