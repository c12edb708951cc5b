import AuditTrail
package import CareSyncCore
import Mail
package import Persistence

enum EmailChangeTag {}
typealias EmailChangeID = ID<EmailChangeTag>

/// A row of `email_changes`: what an account's address was, so that its owner can be told there.
struct EmailChange: RowDecodable {
    let id: EmailChangeID
    let oldEmail: String
    let changedAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        oldEmail = try row.value("old_email")
        changedAt = try row.value("changed_at")
    }
}

/// Why an account keeps its address.
package enum EmailChangeError: FailureCatalogue, CaseIterable {
    case taken
    case notVerified
    case proofNeeded

    package var problem: Problem {
        switch self {
        case .taken: AccountError.emailTaken.problem
        case .notVerified:
            .invalid("email", "EMAIL_NOT_VERIFIED", "Verify the new e-mail address before you change to it.")
        case .proofNeeded:
            Problem(
                .forbidden, "STEP_UP_REQUIRED",
                "A new e-mail address needs proof of who you are (POST /api/auth/step-up). Then repeat this.")
        }
    }
}

/// The address that a person's profile shall have from now on.
package struct NewEmail: Sendable, Equatable {
    let address: EmailAddress
    /// The token of a verification; then only that verification counts.
    let verificationToken: String?

    /// `nil` when no address is given. A text that ``CareSyncCore/Rule/email(_:_:)`` has passed is one, or blank.
    package init?(_ text: String?, verificationToken: String?) {
        guard let text = TextSort.content(of: text), let address = EmailAddress(text) else { return nil }
        self.address = address
        self.verificationToken = TextSort.content(of: verificationToken)
    }
}

extension Rule {
    /// An e-mail address that may be missing; a blank one counts as missing.
    package static func email(_ field: String, _ path: any Path<String?>) -> Rule {
        Rule(field, .format("email")) { root in
            guard let text = TextSort.content(of: root[keyPath: path]) else { return nil }
            return EmailAddress.complaint(about: text)
        }
    }
}

extension IdentityFeature {
    /// Gives the caller's account another address (rules/profiles 4), in the transaction that changes the profile and
    /// before it locks anything else. The address the account has already, in
    /// whatever case, changes nothing.
    package static func changeEmail(to new: NewEmail, by origin: RequestOrigin, db: any Connection) throws {
        guard let caller = origin.principal else { throw Problem.unauthenticated }
        let changes = EmailChangeRepository(db: db)
        guard let account = try changes.lock(caller.userID) else { throw Problem.accessDenied }
        guard EmailAddress(account.email)?.key != new.address.key else { return }
        let now = db.now
        let proved = try SessionRepository(db: db).authenticatedAt(caller.sessionID, .any)
        guard let proved, now - proved <= IdentitySettings.stepUpLifetime else { throw EmailChangeError.proofNeeded }
        if let owner = try AccountRepository(db: db).find(withEmail: new.address), owner.id != account.id {
            throw EmailChangeError.taken
        }
        guard try EmailVerificationService.consume(new.address, token: new.verificationToken, db: db) else {
            throw EmailChangeError.notVerified
        }
        try changes.replace(account, by: new.address, at: now)
        try OneTimeCodes.withdrawResets(of: account, db: db)
        try db.enqueue(EmailChangeMail.order(try changes.insert(account, at: now)))
        db.audit(
            AuditEntry(.accountChange, "users", account.id.description, by: origin, reason: "EMAIL_CHANGED"))
    }
}
