import AuditTrail
import CareSyncCore
import Cryptography
import Mail
import Persistence

enum PasswordResetError: FailureCatalogue, CaseIterable {
    case invalidCode
    case notVerified
    case invalidToken
    case mismatch
    case noMail

    var problem: Problem {
        switch self {
        case .invalidCode: VerificationError.invalidCode.problem
        case .notVerified:
            .invalid("otp", "OTP_NOT_VERIFIED", "Verify the code first.")
        case .invalidToken:
            .invalid("token", "RESET_TOKEN_INVALID", "The link is no longer valid. Ask for a new one.")
        case .mismatch: PasswordError.mismatch.problem
        case .noMail: MailAvailability.problem
        }
    }
}

/// Sets a new password for somebody who reads the account's mail.
///
/// Asking never looks for an account: an unknown address leaves the same rows, and the worker drops its mail. Trying a
/// code counts and compares alike, whether the mail went out or not. So neither answers nor the work behind them reveal
/// whether an account exists.
struct PasswordResetService: Sendable {
    let database: any Database
    let codes: OneTimeCodes
    let hasher: PasswordHasher
    let signInGuard: SignInGuard
    let sessions: SessionService
    let settings: IdentitySettings

    private var now: Instant { database.services.time.now }

    /// Mails a code or a link, unless one was sent a moment ago or too many were sent; the caller is not told which.
    func ask(_ purpose: CodePurpose, for email: EmailAddress, by origin: RequestOrigin) async throws {
        guard settings.isMailAvailable else { throw PasswordResetError.noMail }
        try await database.write { db in
            let issue = try codes.issue(purpose, to: email, from: origin.address, db: db)
            CodeAudit.asked(purpose, issue, by: origin, db)
        }
    }

    func verify(_ code: String, of email: EmailAddress, by origin: RequestOrigin) async throws {
        let verdict = try await check(code, of: email, marking: .verified(tokenHash: nil), by: origin)
        guard case .right = verdict else { throw PasswordResetError.invalidCode }
    }

    /// With a code that was verified before.
    func reset(
        _ code: String, of email: EmailAddress, to password: NewPassword, by origin: RequestOrigin
    ) async throws {
        guard password.isConfirmed else { throw PasswordResetError.mismatch }
        switch try await check(code, of: email, marking: .nothing, by: origin) {
        case .wrong: throw PasswordResetError.invalidCode
        case .right(_, wasVerified: false): throw PasswordResetError.notVerified
        case .right(let id, wasVerified: true):
            try await set(password, email.key, using: id, orElse: .invalidCode, by: origin)
        }
    }

    /// With the token of a mailed link.
    func reset(token: String, to password: NewPassword, by origin: RequestOrigin) async throws {
        guard password.isConfirmed else { throw PasswordResetError.mismatch }
        let (hash, now) = (Digest.sha256(Array(token.utf8)), now)
        let found = try await database.read { db in
            try OneTimeCodeRepository(db: db).find(link: hash, at: now)
        }
        guard let link = found, let email = EmailAddress(link.email) else {
            try await database.write { db in CodeAudit.tried(.resetLink, .wrong, by: origin, db) }
            throw PasswordResetError.invalidToken
        }
        try await set(password, email.key, using: link.id, orElse: .invalidToken, by: origin)
    }

    private func check(
        _ code: String, of email: EmailAddress, marking mark: OneTimeCodes.Mark, by origin: RequestOrigin
    ) async throws -> CodeVerdict {
        try await database.write { db in
            let verdict = try codes.check(code, .resetPassword, of: email, marking: mark, db: db)
            CodeAudit.tried(.resetPassword, verdict, by: origin, db)
            return verdict
        }
    }

    /// Uses up the proof, sets the password, ends every session and tells the account's owner, in one transaction.
    private func set(
        _ password: NewPassword, _ emailKey: String, using proof: OneTimeCodeID, orElse failure: PasswordResetError,
        by origin: RequestOrigin
    ) async throws {
        let found = try await database.read { db in try AccountRepository(db: db).find(withEmailKey: emailKey) }
        // A correct guess for an address without an account is answered like a wrong one.
        guard let account = found, account.isActive else { throw failure }
        if let complaint = PasswordPolicy.complaint(password.text, username: account.username, email: account.email) {
            throw Problem.validation([FieldError(field: "newPassword", message: complaint)])
        }
        let hash = try await hasher.hash(password.text, turn: .signIn(from: origin.address))
        try await database.write { db in
            let now = db.now
            guard try codes.use(proof, db: db),
                try AccountRepository(db: db).resetPassword(of: account.id, to: hash, at: now)
            else { throw failure }
            try OneTimeCodes.withdrawResets(of: account, db: db)
            try sessions.endAll(of: account.id, .passwordReset, db: db)
            // An owner who has proved the account is not kept out by what strangers have tried.
            try signInGuard.clear(account.username, db: db)
            try db.enqueue(AccountMails.passwordReset(account.id, at: now))
            db.audit(
                AuditEntry(
                    .accountChange, "users", account.id.description, by: origin,
                    reason: SessionEnd.passwordReset.rawValue))
        }
    }
}

/// A password as it was typed twice.
struct NewPassword: Sendable {
    let text: String
    let repetition: String

    var isConfirmed: Bool { text == repetition }
}
