import AuditTrail
import CareSyncCore
import Cryptography
import Mail
import Persistence

enum VerificationError: FailureCatalogue {
    /// Wrong, expired, replaced by a newer code, or guessed too often.
    case invalidCode
    case tooMany(retryAfter: TimeSpan)
    case noMail

    var problem: Problem {
        switch self {
        case .invalidCode:
            .invalid("otp", "INVALID_OTP", "The code is wrong or no longer valid. Ask for a new one.")
        case .tooMany(let wait):
            Problem(
                .tooManyRequests, "RATE_LIMITED", "A code was sent a short while ago. Ask again later.",
                retryAfter: Int(clamping: (wait.microseconds + 999_999) / 1_000_000))
        case .noMail: MailAvailability.problem
        }
    }
}

/// Whether mail can be sent at all.
enum MailAvailability {
    static let problem = Problem(
        .failedDependency, "MAIL_UNAVAILABLE", "This server cannot send mail. Ask its administrator.")
}

/// Verifies that somebody reads the mail of an address before an account is created with it.
struct EmailVerificationService: Sendable {
    let database: any Database
    let codes: OneTimeCodes
    let settings: IdentitySettings

    /// How long a verification waits for its registration.
    static let lifetime = TimeSpan.minutes(30)

    private static let tokenCount = 32

    private var now: Instant { database.services.time.now }

    /// Sends a code. Does the same for an address that has an account.
    func start(_ email: EmailAddress, by origin: RequestOrigin) async throws {
        guard settings.isMailAvailable else { throw VerificationError.noMail }
        let issue = try await database.write { db in
            let issue = try codes.issue(.verifyEmail, to: email, from: origin.address, db: db)
            CodeAudit.asked(.verifyEmail, issue, by: origin, db)
            return issue
        }
        if case .refused(let wait) = issue { throw VerificationError.tooMany(retryAfter: wait) }
    }

    /// A token that binds the registration to this verification, so that nobody else can use it.
    func verify(_ email: EmailAddress, code: String, by origin: RequestOrigin) async throws -> String {
        let token = Hex.text(database.services.random.bytes(Self.tokenCount))
        let verdict = try await database.write { db in
            let verdict = try codes.check(
                code, .verifyEmail, of: email, marking: .verified(tokenHash: Self.digest(token)), db: db)
            CodeAudit.tried(.verifyEmail, verdict, by: origin, db)
            return verdict
        }
        guard case .right = verdict else { throw VerificationError.invalidCode }
        return token
    }

    /// Whether an account could be made with the address now.
    func isVerified(_ email: EmailAddress) async throws -> Bool {
        try await database.read { db in try Self.isVerified(email, token: nil, db: db) }
    }

    /// - Parameter token: when given, the verification must be the one that gave it.
    static func isVerified(_ email: EmailAddress, token: String?, db: any Connection) throws -> Bool {
        try OneTimeCodeRepository(db: db).isVerified(
            email, tokenHash: token.map(digest), since: db.now - lifetime)
    }

    /// Consumes the verification of an address in the transaction that creates the account; returns whether there was
    /// one.
    static func consume(_ email: EmailAddress, token: String?, db: any Connection) throws -> Bool {
        let now = db.now
        return try OneTimeCodeRepository(db: db).useVerification(
            of: email, tokenHash: token.map(digest), since: now - lifetime, at: now)
    }

    private static func digest(_ token: String) -> [UInt8] { Digest.sha256(Array(token.utf8)) }
}

/// What the audit log keeps of codes: that they were asked for and tried, not for whom. Whether an address has an account
/// is not looked up here.
enum CodeAudit {
    static func asked(_ purpose: CodePurpose, _ issue: CodeIssue, by origin: RequestOrigin, _ db: any Connection) {
        let id: String
        let outcome: AuditEntry.Outcome
        switch issue {
        case .issued(let code, _): (id, outcome) = (code.description, .success)
        case .refused: (id, outcome) = ("", .denied)
        }
        db.audit(
            AuditEntry(
                .accountChange, "one_time_codes", id, by: origin, outcome: outcome,
                reason: "\(purpose.rawValue)_ASKED"))
    }

    static func tried(_ purpose: CodePurpose, _ verdict: CodeVerdict, by origin: RequestOrigin, _ db: any Connection) {
        let id: String
        let outcome: AuditEntry.Outcome
        switch verdict {
        case .right(let code, _): (id, outcome) = (code.description, .success)
        case .wrong: (id, outcome) = ("", .denied)
        }
        db.audit(
            AuditEntry(
                .accountChange, "one_time_codes", id, by: origin, outcome: outcome,
                reason: "\(purpose.rawValue)_TRIED"))
    }
}
