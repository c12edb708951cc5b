import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// What a visitor may register as.
enum RegistrationRole: String, Codable, Sendable, CaseIterable {
    case doctor = "DOCTOR"
    case patient = "PATIENT"

    var role: Role { self == .doctor ? .doctor : .patient }
}

/// Empty optional texts count as absent. `profilePictureUrl` of older clients is ignored: pictures are uploaded.
struct RegisterRequest: Codable, Sendable, Validated {
    var username: String
    var password: String
    var email: String
    var role: RegistrationRole
    var firstName: String
    var lastName: String
    var dateOfBirth: String?
    var contactInfo: String?
    var illnessDetails: String?
    var gender: String?
    var specialization: String?
    var bloodGroup: String?
    /// As the verification of the address gave it; then no other verification counts.
    var verificationToken: String?

    static let rules: [Rule<Self>] = [
        Rule("username", .pattern(UsernameRules.pattern)) { UsernameRules.complaint($0.username) },
        PasswordPolicy.rule("password") {
            PasswordPolicy.complaint($0.password, username: $0.username, email: $0.email)
        },
        EmailAddress.rule("email") { $0.email },
        Rule("firstName", .length(minimum: 1, maximum: 100)) { PersonText.required($0.firstName, $0.nameLimit) },
        Rule("lastName", .length(minimum: 1, maximum: 100)) { PersonText.required($0.lastName, $0.nameLimit) },
        Rule("dateOfBirth", .format("date")) { $0.birthDateComplaint },
        Rule("contactInfo", .length(minimum: nil, maximum: 200)) {
            PersonText.line($0.contactInfo, $0.role == .doctor ? 100 : 200)
        },
        Rule("illnessDetails", .length(minimum: nil, maximum: 1000)) {
            PersonText.paragraphs($0.illnessDetails, 1000)
        },
        Rule("gender", .length(minimum: nil, maximum: 20)) { PersonText.line($0.gender, 20) },
        Rule("specialization", .length(minimum: nil, maximum: 100)) { PersonText.line($0.specialization, 100) },
        Rule("bloodGroup", .length(minimum: nil, maximum: 10)) { PersonText.line($0.bloodGroup, 10) },
        .maxLength("verificationToken", \.verificationToken, 200),
    ]

    private var nameLimit: Int { role == .doctor ? 50 : 100 }

    private var birthDateComplaint: String? {
        guard let text = PersonText.trimmed(dateOfBirth) else { return nil }
        guard let date = LocalDate(wire: text) else { return "must be a date such as 1990-03-01" }
        return date.year < 1900 ? "must not be before 1900" : nil
    }

    /// What the directory stores. Texts that do not belong to the role are dropped.
    var form: ProfileForm {
        var form = ProfileForm(
            firstName: PersonText.trimmed(firstName) ?? "", lastName: PersonText.trimmed(lastName) ?? "")
        form.dateOfBirth = PersonText.trimmed(dateOfBirth).flatMap { LocalDate(wire: $0) }
        form.contactInfo = PersonText.contact(contactInfo)
        form.gender = PersonText.trimmed(gender)
        switch role {
        case .doctor:
            form.specialization = PersonText.trimmed(specialization)
        case .patient:
            form.illnessDetails = PersonText.trimmed(illnessDetails)
            form.bloodGroup = PersonText.trimmed(bloodGroup)
        }
        return form
    }
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

/// Makes the account of a visitor and signs it in, in one transaction.
struct RegistrationService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let accounts: AccountService
    let sessions: SessionService
    let settings: IdentitySettings
    let zone: ClinicZone

    func register(_ request: RegisterRequest, from origin: SignInOrigin) async throws -> SessionGrant {
        let form = request.form
        let today = zone.date(at: database.services.time.now)
        if let birth = form.dateOfBirth, birth > today {
            throw Problem.validation([FieldError(field: "dateOfBirth", message: "must not be in the future")])
        }
        let token = PersonText.trimmed(request.verificationToken)
        let email = try EmailAddress.required(request.email)
        var new = NewAccount(
            username: request.username, email: request.email, passwordHash: try await hasher.hash(request.password),
            role: request.role.role)
        new.isSignedIn = true
        return try await database.write { [new] db in
            let account = try accounts.add(new, form: form, db: db)
            let isVerified = try EmailVerificationService.consume(email, token: token, db: db)
            guard isVerified || !(settings.emailVerificationRequired || token != nil) else {
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
}
