import CareSyncCore
import Persistence
import WebAPI

struct UserListParameters: Codable, Sendable, PagedParameters {
    var role: Role?
    var q: String?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [
            .maxLength("q", \.q, 100)
        ] + Rule.paging
}

struct ToggleAccountParameters: Codable, Sendable {
    var username: String
    var affected: AffectedHandling?
}

struct AccountStatusParameters: Codable, Sendable {
    var username: String
    var active: Bool
    var affected: AffectedHandling?
}

struct BlockDoctorParameters: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var reason: String?
    var affected: AffectedHandling?

    static let rules: [Rule<Self>] = [AdministrativeReason.rule(\.reason)]
}

struct BlockPatientParameters: Codable, Sendable, Validated {
    var patientId: PatientID
    var reason: String?
    var affected: AffectedHandling?

    static let rules: [Rule<Self>] = [AdministrativeReason.rule(\.reason)]
}

/// Why an administrator did something: stored and audited.
enum AdministrativeReason {
    static let standard = "Blocked by an administrator"
    static let maximumLength = 500

    static func rule<Root>(_ path: any KeyPath<Root, String?> & Sendable) -> Rule<Root> {
        .text("reason", path, .line, maximumLength)
    }
}

struct AccountStatusResponse: WireResponse {
    let message: String
    let username: String
    let isActive: Bool
    /// The coming appointments of the account, unpaid holds included: cancelled when that was asked for, otherwise kept. 0
    /// for an active account.
    let affectedAppointments: Int

    init(_ changed: AccountStatusService.Changed) {
        let account = changed.account
        affectedAppointments = changed.affected
        message = account.isActive ? "The account is active." : "The account is deactivated."
        username = account.username
        isActive = account.isActive
    }
}

struct BlockedResponse: WireResponse {
    let message: String
    let reason: String
    /// The coming appointments of the account, unpaid holds included: cancelled when that was asked for, otherwise kept.
    let affectedAppointments: Int
}

struct AccountStatusEndpoints: Sendable {
    let accounts: AccountStatusService

    var all: [Endpoint] {
        let doctor = "Administrators. The doctor's sessions end at once, and nobody can book the doctor."
        let patient = "Administrators. The patient's sessions end at once."
        let named: [AccountStatusError] = [.notFound, .ownAccount, .lastAdministrator]
        return [
            .get(
                "/api/admin/users", "Accounts",
                """
                Administrators. All accounts, or those of a role or with a text in their user name or address, by user name.
                """, access: .role(.admin), use: list),
            .put(
                "/api/admin/users/{username}/toggle-active", "Toggle whether an account is active",
                "Administrators. Toggles the present state.", access: .role(.admin), fails: named, use: toggle
            ).deprecated(insteadUse: "PUT /api/admin/users/{username}/status"),
            .put(
                "/api/admin/users/{username}/status", "Set whether an account is active",
                "Administrators. Deactivation takes effect at once: the account's sessions end.", access: .role(.admin),
                fails: named, use: set),
            .post(
                "/api/admin/block-doctor/{doctorId}", "Deactivate a doctor's account", doctor, access: .role(.admin),
                fails: [AccountStatusError.notFound], use: blockDoctor),
            .post(
                "/api/admin/unblock-doctor/{doctorId}", "Activate a doctor's account",
                "Administrators. The doctor can sign in again.", access: .role(.admin),
                fails: [AccountStatusError.notFound], use: unblockDoctor),
            .post(
                "/api/admin/block-patient/{patientId}", "Deactivate a patient's account", patient,
                access: .role(.admin), subject: .patient("patientId"), fails: [AccountStatusError.notFound],
                use: blockPatient),
            .post(
                "/api/admin/unblock-patient/{patientId}", "Activate a patient's account",
                "Administrators. The patient can sign in again.", access: .role(.admin),
                subject: .patient("patientId"), fails: [AccountStatusError.notFound], use: unblockPatient),
        ]
    }

    func list(_ request: EndpointRequest<UserListParameters, NoBody>) async throws -> PagedResponse<UserSummaryResponse>
    {
        let asked = request.parameters
        let page = try await accounts.list(
            AccountSearch(role: asked.role, text: asked.q), asked.request,
            origin: request.origin)
        return PagedResponse(page.map(UserSummaryResponse.init))
    }

    func toggle(_ request: EndpointRequest<ToggleAccountParameters, NoBody>) async throws -> AccountStatusResponse {
        AccountStatusResponse(
            try await accounts.set(
                .named(request.parameters.username), isActive: nil, reason: nil,
                appointments: request.parameters.affected ?? .keep, by: request.principal, origin: request.origin))
    }

    func set(_ request: EndpointRequest<AccountStatusParameters, NoBody>) async throws -> AccountStatusResponse {
        AccountStatusResponse(
            try await accounts.set(
                .named(request.parameters.username), isActive: request.parameters.active, reason: nil,
                appointments: request.parameters.affected ?? .keep, by: request.principal, origin: request.origin))
    }

    func blockDoctor(_ request: EndpointRequest<BlockDoctorParameters, NoBody>) async throws -> BlockedResponse {
        try await block(
            .doctor(request.parameters.doctorId), request.parameters.reason, request.parameters.affected,
            request.principal, request.origin)
    }

    func unblockDoctor(_ request: EndpointRequest<BlockDoctorParameters, NoBody>) async throws -> MessageResponse {
        try await unblock(
            .doctor(request.parameters.doctorId), request.parameters.reason, request.principal, request.origin)
    }

    func blockPatient(_ request: EndpointRequest<BlockPatientParameters, NoBody>) async throws -> BlockedResponse {
        try await block(
            .patient(request.parameters.patientId), request.parameters.reason, request.parameters.affected,
            request.principal, request.origin)
    }

    func unblockPatient(_ request: EndpointRequest<BlockPatientParameters, NoBody>) async throws -> MessageResponse {
        try await unblock(
            .patient(request.parameters.patientId), request.parameters.reason, request.principal, request.origin)
    }

    private func block(
        _ target: AccountTarget, _ reason: String?, _ handling: AffectedHandling?, _ admin: Principal,
        _ origin: RequestOrigin
    ) async throws -> BlockedResponse {
        let reason = TextSort.content(of: reason) ?? AdministrativeReason.standard
        let changed = try await accounts.set(
            target, isActive: false, reason: reason, appointments: handling ?? .keep, by: admin, origin: origin)
        return BlockedResponse(
            message: "\(changed.account.username) is blocked.", reason: reason, affectedAppointments: changed.affected)
    }

    private func unblock(
        _ target: AccountTarget, _ reason: String?, _ admin: Principal, _ origin: RequestOrigin
    ) async throws -> MessageResponse {
        let changed = try await accounts.set(
            target, isActive: true, reason: TextSort.content(of: reason), by: admin, origin: origin)
        return MessageResponse(message: "\(changed.account.username) is no longer blocked.")
    }
}
