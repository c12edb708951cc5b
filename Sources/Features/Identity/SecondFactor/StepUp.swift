import CareSyncCore
import Cryptography
import Persistence
import WebAPI

/// Either of the two; with a second factor enrolled it is the code.
struct StepUpRequest: Codable, Sendable, Validated {
    var password: String?
    var code: String?

    static let rules: [Rule<Self>] = [
        .length("password", \.password, 1...1000), .length("code", \.code, 1...64),
    ]
}

enum StepUpError: FailureCatalogue, CaseIterable {
    case passwordWrong
    case codeWrong
    case passwordMissing
    case codeMissing
    case locked

    var problem: Problem {
        switch self {
        case .passwordWrong: .invalid("password", "CURRENT_PASSWORD_WRONG", "The password is not right.")
        case .codeWrong: SecondFactorError.wrongCode.problem
        case .passwordMissing: .invalid("password", "PASSWORD_REQUIRED", "Give your password.")
        case .codeMissing: .invalid("code", "CODE_REQUIRED", "Give a code of your second factor.")
        case .locked: SecondFactorError.tooManyGuesses.problem
        }
    }
}

/// Proves again who is behind a session (RULINGS C13).
///
/// An account with a second factor proves it with the factor: whoever has stolen an open session may well know the
/// password, too.
struct StepUpService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let sessions: SessionService
    let checks: FactorChecks

    /// When the proof was given.
    func stepUp(_ request: StepUpRequest, for caller: Principal, from origin: SignInOrigin) async throws -> Instant {
        let (account, factor) = try await database.read { db in
            (try AccountRepository(db: db).find(caller.userID), try SecondFactorRepository(db: db).find(caller.userID))
        }
        guard let account else { throw SessionError.revoked }
        if factor != nil {
            guard let code = request.code else { throw StepUpError.codeMissing }
            return try await finish(caller, origin, otherwise: .codeWrong) { db in
                guard let factor = try SecondFactorRepository(db: db).find(caller.userID) else { return false }
                return try checks.accept(code, for: factor, by: origin.request, db: db)
            }
        }
        guard let password = request.password else { throw StepUpError.passwordMissing }
        let verdict = try await hasher.verify(password, against: account.passwordHash)
        return try await finish(caller, origin, otherwise: .passwordWrong) { db in
            guard case .right = verdict else { return false }
            return try AccountRepository(db: db).find(caller.userID)?.passwordHash == account.passwordHash
        }
    }

    /// A failure is committed with its audit row before it is thrown.
    private func finish(
        _ caller: Principal, _ origin: SignInOrigin, otherwise failure: StepUpError,
        _ isProved: @escaping @Sendable (any Connection) throws -> Bool
    ) async throws -> Instant {
        let at = try await database.write { db -> Instant? in
            let isProved = try isProved(db)
            db.audit(
                AuditEntry(
                    isProved ? .login : .loginFailed, "sessions", caller.sessionID.description, by: origin.request,
                    outcome: isProved ? .success : .denied, reason: isProved ? "STEP_UP" : failure.problem.code))
            return isProved ? try sessions.noteAuthentication(caller.sessionID, db: db) : nil
        }
        guard let at else { throw failure }
        return at
    }
}
