import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// Checks the password of a signed-in account again. Wrong ones count like those of sign-ins
/// (rules/sign-in-protection 1).
struct PasswordCheck: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let signInGuard: SignInGuard

    /// Returns when the password is right. Otherwise keeps `entry` in the audit log and throws `refusal`, or throws
    /// ``GuardError`` when there is no attempt left.
    func require(
        _ password: String, of account: Account, from origin: SignInOrigin, otherwise refusal: any FailureCatalogue,
        _ entry: AuditEntry
    ) async throws {
        try await signInGuard.attempt(at: account.username, of: account.role, from: origin) { attempt in
            let turn = PasswordTurn.signIn(from: origin.request.address)
            if case .right = try await hasher.verify(password, against: account.passwordHash, turn: turn) {
                return try await database.write { db in try attempt.succeed(db) }
            }
            try await database.write { db in
                try attempt.fail(db)
                db.audit(entry)
            }
            throw refusal
        }
    }
}
