import AuditTrail
package import CareSyncCore
import Cryptography
import Mail
import Persistence

/// An account to be made.
package struct NewAccount: Sendable {
    package var username: String
    package var email: String
    /// As ``Cryptography/PasswordHasher/hash(_:)`` made it.
    package var passwordHash: String
    package var role: Role
    package var isActive = true
    package var mustChangePassword = false
    /// Whether its owner has verified the address.
    package var isEmailVerified = false
    /// Now unless given.
    package var createdAt: Instant?
    var isSignedIn = false

    package init(username: String, email: String, passwordHash: String, role: Role) {
        self.username = username
        self.email = email
        self.passwordHash = passwordHash
        self.role = role
    }
}

/// An administrator's account that the command line made.
package struct CreatedAdmin: Sendable {
    package let id: UserID
    package let username: String
    /// Shown once, when no password was given; it must be changed at the first sign-in.
    package let generatedPassword: String?
}

enum AccountError: FailureCatalogue, CaseIterable {
    case usernameTaken
    case emailTaken

    var problem: Problem {
        switch self {
        case .usernameTaken: Self.taken("username", "USERNAME_TAKEN", "This user name is taken.")
        case .emailTaken: Self.taken("email", "EMAIL_TAKEN", "There is an account with this e-mail address.")
        }
    }

    private static func taken(_ field: String, _ code: String, _ message: String) -> Problem {
        Problem(.conflict, code, message, fieldErrors: [FieldError(field: field, message: message)])
    }
}

enum PasswordError: FailureCatalogue, CaseIterable {
    case currentWrong
    case mismatch
    case unchanged

    var problem: Problem {
        switch self {
        case .currentWrong:
            .invalid("currentPassword", "CURRENT_PASSWORD_WRONG", "The current password is wrong.")
        case .mismatch: .invalid("confirmPassword", "PASSWORD_MISMATCH", "The two new passwords differ.")
        case .unchanged:
            .invalid("newPassword", "PASSWORD_UNCHANGED", "The new password must differ from the current one.")
        }
    }
}

/// Creates accounts, looks them up and changes their passwords.
struct AccountService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let passwords: PasswordCheck
    let sessions: SessionService
    let profiles: AccountProfiles

    private var now: Instant { database.services.time.now }

    /// Creates an account in a running transaction, and with a form its doctor or patient.
    func add(_ new: NewAccount, form: ProfileForm?, db: any Connection) throws -> Account {
        if let complaint = UsernameRules.complaint(new.username) {
            throw Problem.validation([FieldError(field: "username", message: complaint)])
        }
        guard let email = EmailAddress(new.email) else {
            throw EmailAddress.refusal(of: new.email)
        }
        let accounts = AccountRepository(db: db)
        guard let account = try accounts.insert(new, email: email, at: now) else {
            if try accounts.exists(named: new.username) { throw AccountError.usernameTaken }
            if try accounts.exists(withEmail: email) { throw AccountError.emailTaken }
            throw DatabaseFailure.conflict(code: "account gone")
        }
        if let form { try profiles.create(db, account, form) }
        return account
    }

    /// Creates an administrator's account; with `nil`, a password is generated that must be changed.
    func createAdmin(username: String, email: String, password: String?) async throws -> CreatedAdmin {
        if let password,
            let complaint = PasswordPolicy.complaint(password, username: username, email: email)
        {
            throw Problem.validation([FieldError(field: "password", message: complaint)])
        }
        let generated = password == nil ? PasswordPolicy.generate(random: database.services.random) : nil
        var new = NewAccount(
            username: username, email: email, passwordHash: try await hasher.hash(password ?? generated ?? ""),
            role: .admin)
        new.mustChangePassword = generated != nil
        let account = try await database.write { [new] db in
            let account = try add(new, form: nil, db: db)
            db.audit(
                AuditEntry(
                    .adminAction, "users", account.id.description, by: .system("create-admin"),
                    reason: "ADMIN_CREATED"))
            return account
        }
        return CreatedAdmin(id: account.id, username: account.username, generatedPassword: generated)
    }

    func details(of user: UserID) async throws -> (account: Account, person: PersonDetails) {
        try await database.read { [profiles] db in
            guard let account = try AccountRepository(db: db).find(user) else { throw SessionError.revoked }
            return (account, try profiles.person(db, account))
        }
    }

    /// Whether user name and address may be registered; `nil` when not asked for.
    func availability(username: String?, email: String?) async throws -> (username: Bool?, email: Bool?) {
        let username = username.map(UsernameRules.trimmed).map { UsernameRules.complaint($0) == nil ? $0 : nil }
        let email = email.map(EmailAddress.init)
        return try await database.read { db in
            let accounts = AccountRepository(db: db)
            return (
                try username.map { name in try name.map { try !accounts.exists(named: $0) } ?? false },
                try email.map { address in try address.map { try !accounts.exists(withEmail: $0) } ?? false }
            )
        }
    }

    /// Changes the password of the caller and ends the caller's other sessions.
    func changePassword(
        from current: String, to new: NewPassword, for caller: Principal, origin: SignInOrigin
    ) async throws {
        guard new.isConfirmed else { throw PasswordError.mismatch }
        let found = try await database.read { db in try AccountRepository(db: db).find(caller.userID) }
        guard let account = found else { throw SessionError.revoked }
        try await passwords.require(
            current, of: account, from: origin, otherwise: PasswordError.currentWrong,
            AuditEntry(
                .accountChange, "users", account.id.description, by: origin.request, outcome: .denied,
                reason: "CURRENT_PASSWORD_WRONG"))
        guard new.text != current else { throw PasswordError.unchanged }
        if let complaint = PasswordPolicy.complaint(new.text, username: account.username, email: account.email) {
            throw Problem.validation([FieldError(field: "newPassword", message: complaint)])
        }
        let hash = try await hasher.hash(new.text, turn: .signIn(from: origin.request.address))
        try await database.write { db in
            guard try AccountRepository(db: db).updatePassword(of: account, to: hash, at: now) else {
                // It was changed in between, so the caller's current password is no longer right.
                throw PasswordError.currentWrong
            }
            try OneTimeCodes.withdrawResets(of: account, db: db)
            try sessions.endAll(of: account.id, except: caller.sessionID, .passwordChanged, db: db)
            if account.mustChangePassword { try sessions.renew(caller.sessionID, db: db) }
            try db.enqueue(AccountMails.passwordChanged(account.id, at: now))
            db.audit(
                AuditEntry(
                    .accountChange, "users", account.id.description, by: origin.request,
                    reason: SessionEnd.passwordChanged.rawValue))
        }
    }
}
