import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// What a visitor registers with, checked as far as it can be without looking anything up.
struct Registration: Sendable {
    var username: String
    var password: String
    var email: EmailAddress
    var role: Role
    var form: ProfileForm
    /// The token of a verification; then only that verification counts.
    var verificationToken: String?
}

enum RegistrationError: FailureCatalogue, CaseIterable {
    case emailNotVerified

    var problem: Problem {
        switch self {
        case .emailNotVerified:
            .invalid("email", "EMAIL_NOT_VERIFIED", "Verify the e-mail address before you register.")
        }
    }
}

/// Creates a visitor's account and signs it in, in one transaction.
struct RegistrationService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let accounts: AccountService
    let sessions: SessionService
    let settings: IdentitySettings
    let zone: ClinicZone

    func register(_ registration: Registration, from origin: SignInOrigin) async throws -> SessionGrant {
        try checkBirthDate(registration.form)
        // Hashing is expensive, so nothing is hashed that is refused anyway; the transaction below decides.
        try await database.read { db in try requireFree(registration, db) }
        var new = NewAccount(
            username: registration.username, email: registration.email.text,
            passwordHash: try await hasher.hash(
                registration.password, turn: .registration(from: origin.request.address)),
            role: registration.role)
        new.isSignedIn = true
        return try await database.write { [new] db in
            var new = new
            new.isEmailVerified = try EmailVerificationService.consume(
                registration.email, token: registration.verificationToken, db: db)
            let account = try accounts.add(new, form: registration.form, db: db)
            guard new.isEmailVerified || !needsVerification(registration) else {
                throw RegistrationError.emailNotVerified
            }
            let grant = try sessions.open(for: account, from: origin, db: db)
            db.audit(
                AuditEntry(
                    .accountChange, "users", account.id.description, by: origin.known(as: grant.principal),
                    reason: "REGISTERED"))
            return grant
        }
    }

    private func checkBirthDate(_ form: ProfileForm) throws {
        guard let birth = form.dateOfBirth, birth > zone.date(at: database.services.time.now) else { return }
        throw Problem.validation([FieldError(field: "dateOfBirth", message: "must not be in the future")])
    }

    private func requireFree(_ registration: Registration, _ db: any Connection) throws {
        let accounts = AccountRepository(db: db)
        guard try !accounts.exists(named: registration.username) else { throw AccountError.usernameTaken }
        guard try !accounts.exists(withEmail: registration.email) else { throw AccountError.emailTaken }
        guard needsVerification(registration) else { return }
        guard
            try EmailVerificationService.isVerified(registration.email, token: registration.verificationToken, db: db)
        else { throw RegistrationError.emailNotVerified }
    }

    private func needsVerification(_ registration: Registration) -> Bool {
        settings.emailVerificationRequired || registration.verificationToken != nil
    }
}
