package import CareSyncCore
import WebAPI

/// The role of one of the shapes after sign-in, by which clients tell them apart.
enum AdministratorRole: String, Codable, Sendable, CaseIterable {
    case admin = "ADMIN"
}

/// An administrator after sign-in: what a ``UserSummaryResponse`` has, and a role that tells it from the other shapes.
package struct AdministratorResponse: WireResponse {
    let userId: UserID
    let username: String
    let role: AdministratorRole
    let isActive: Bool

    package init(_ account: Account) {
        userId = account.id
        username = account.username
        role = .admin
        isActive = account.isActive
    }
}

/// `UserSummaryDto` of the published API: any account in a list of administrators.
package struct UserSummaryResponse: WireResponse {
    package let userId: UserID
    package let username: String
    package let role: Role
    package let isActive: Bool

    package init(_ account: Account) {
        userId = account.id
        username = account.username
        role = account.role
        isActive = account.isActive
    }
}

/// `UserDto` of the published API.
struct CurrentUserResponse: WireResponse {
    let id: UserID
    let username: String
    let email: String
    let firstName: String?
    let lastName: String?
    let phoneNumber: String?
    let address: String?
    let role: Role
    let createdAt: LocalDateTime
    let updatedAt: LocalDateTime?
    let isActive: Bool
    let lastLogin: LocalDateTime?

    init(_ account: Account, _ person: PersonDetails, zone: ClinicZone) {
        id = account.id
        username = account.username
        email = account.email
        firstName = person.firstName
        lastName = person.lastName
        phoneNumber = person.phoneNumber
        address = person.address ?? (account.role == .admin ? nil : "")
        role = account.role
        createdAt = zone.local(account.createdAt)
        updatedAt = zone.local(account.updatedAt)
        isActive = account.isActive
        lastLogin = account.lastLoginAt.map(zone.local)
    }
}

struct AvailabilityParameters: Codable, Sendable {
    var username: String?
    var email: String?
}

/// Both are always present, because the published client reads a missing one as 'taken'.
struct AvailabilityResponse: WireResponse {
    let usernameAvailable: Bool
    let emailAvailable: Bool
}

struct ChangePasswordRequest: Codable, Sendable, Validated {
    var currentPassword: String
    var newPassword: String
    var confirmPassword: String

    static let rules: [Rule<Self>] = [
        SignInRequest.passwordRule("currentPassword") { $0.currentPassword },
        PasswordPolicy.rule("newPassword") { PasswordPolicy.complaint($0.newPassword) },
        SignInRequest.passwordRule("confirmPassword") { $0.confirmPassword },
    ]
}

struct AccountEndpoints: Sendable {
    let accounts: AccountService
    let zone: ClinicZone

    var all: [Endpoint] {
        [
            .get(
                "/api/auth/current-user", "Who am I",
                "Any account. The account behind the token, with the names of its profile.", access: .signedIn,
                settings: EndpointSettings(admitsGeneratedPassword: true, admitsMissingFactor: true), use: current),
            .get(
                "/api/auth/check-availability", "Whether a user name and an e-mail address can be registered",
                "Anyone. Checks what is given; without either it only shows that the server answers.",
                access: .public, settings: EndpointSettings(rateClass: .availability), use: availability),
            .post(
                "/api/auth/change-password", "Change my password",
                "Any account, with its current password. All its other sessions end.", access: .signedIn,
                fails: [PasswordError.currentWrong, .mismatch, .unchanged], GuardError.catalogue,
                settings: EndpointSettings(
                    rateClass: .authentication, admitsGeneratedPassword: true, admitsMissingFactor: true),
                use: changePassword),
        ]
    }

    func current(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> CurrentUserResponse {
        let (account, person) = try await accounts.details(of: request.principal.userID)
        return CurrentUserResponse(account, person, zone: zone)
    }

    /// Without parameters it is the published client's liveness probe, so it does not query the database.
    func availability(_ request: EndpointRequest<AvailabilityParameters, NoBody>) async throws -> AvailabilityResponse {
        let asked = request.parameters
        guard asked.username != nil || asked.email != nil else {
            return AvailabilityResponse(usernameAvailable: true, emailAvailable: true)
        }
        let free = try await accounts.availability(username: asked.username, email: asked.email)
        return AvailabilityResponse(usernameAvailable: free.username ?? true, emailAvailable: free.email ?? true)
    }

    func changePassword(_ request: EndpointRequest<NoParameters, ChangePasswordRequest>) async throws -> MessageResponse
    {
        let form = request.body
        try await accounts.changePassword(
            from: form.currentPassword,
            to: NewPassword(text: form.newPassword, repetition: form.confirmPassword), for: request.principal,
            origin: SignInOrigin(request))
        return MessageResponse(message: "Password changed successfully")
    }
}
