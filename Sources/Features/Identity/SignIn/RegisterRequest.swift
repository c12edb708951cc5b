import CareSyncCore

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
    /// The token of a verification; then only that verification counts.
    var verificationToken: String?

    static let rules: [Rule<Self>] = [
        UsernameRules.rule("username") { $0.username },
        PasswordPolicy.rule("password") {
            PasswordPolicy.complaint($0.password, username: UsernameRules.trimmed($0.username), email: $0.email)
        },
        EmailAddress.rule("email") { $0.email },
        .text("firstName", \.firstName, .name, 100), .text("lastName", \.lastName, .name, 100),
        nameLimit("firstName") { $0.firstName }, nameLimit("lastName") { $0.lastName },
        Rule("dateOfBirth", .format("date")) { $0.birthDateComplaint },
        .text("contactInfo", \.contactInfo, .line, 200),
        Rule("contactInfo", .described("At most 100 characters for doctors.")) {
            $0.role == .doctor ? TextSort.line.complaint($0.contactInfo ?? "", limit: 100) : nil
        },
        .text("illnessDetails", \.illnessDetails, .paragraph, 1000),
        .text("gender", \.gender, .line, 20), .text("specialization", \.specialization, .line, 100),
        .text("bloodGroup", \.bloodGroup, .line, 10),
        .maxLength("verificationToken", \.verificationToken, 200),
    ]

    private static func nameLimit(_ field: String, _ text: @escaping @Sendable (Self) -> String) -> Rule<Self> {
        Rule(field, .described("At most 50 characters for doctors.")) {
            $0.role == .doctor ? TextSort.name.complaint(text($0), limit: 50) : nil
        }
    }

    private var birthDateComplaint: String? {
        guard let text = TextSort.content(of: dateOfBirth) else { return nil }
        guard let date = LocalDate(wire: text) else { return "must be a date such as 1990-03-01" }
        return date.year < 1900 ? "must not be before 1900" : nil
    }

    var registration: Registration {
        get throws {
            Registration(
                username: UsernameRules.trimmed(username), password: password,
                email: try EmailAddress.required(email), role: role.role, form: form,
                verificationToken: TextSort.content(of: verificationToken))
        }
    }

    /// What the directory stores. Texts that do not apply to the role are dropped.
    private var form: ProfileForm {
        var form = ProfileForm(firstName: TextSort.trimmed(firstName), lastName: TextSort.trimmed(lastName))
        form.dateOfBirth = TextSort.content(of: dateOfBirth).flatMap { LocalDate(wire: $0) }
        form.contactInfo = TextSort.contact(of: contactInfo)
        form.gender = TextSort.content(of: gender)
        switch role {
        case .doctor:
            form.specialization = TextSort.content(of: specialization)
        case .patient:
            form.illnessDetails = TextSort.content(of: illnessDetails)
            form.bloodGroup = TextSort.content(of: bloodGroup)
        }
        return form
    }
}
