import AuditTrail
import CareSyncCore
import Persistence

enum AccountStatusError: FailureCatalogue, CaseIterable {
    case notFound
    case ownAccount
    case lastAdministrator

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "USER_NOT_FOUND", "There is no such account.")
        case .ownAccount: Problem(.conflict, "OWN_ACCOUNT", "You cannot deactivate your own account.")
        case .lastAdministrator:
            Problem(.conflict, "LAST_ADMINISTRATOR", "The last active administrator cannot be deactivated.")
        }
    }
}

/// Which account an administrator means.
enum AccountTarget: Sendable {
    case named(String)
    case doctor(DoctorID)
    case patient(PatientID)

    var mayBeAdministrator: Bool { if case .named = self { true } else { false } }
}

/// Activates and deactivates accounts. Deactivation takes effect at once: the sessions end in the same transaction.
struct AccountStatusService: Sendable {
    let database: any Database
    let sessions: SessionService
    let settlement: AppointmentSettlement

    /// The account as it is afterwards.
    struct Changed: Sendable {
        let account: Account
        /// How many coming appointments the person has, or had; 0 for an active one.
        var affected = 0
    }

    /// Setting the present value ends no session, but is audited all the same.
    ///
    /// - Parameters:
    ///   - isActive: `nil` toggles.
    ///   - handling: what to do with the coming appointments of a deactivated person.
    func set(
        _ target: AccountTarget, isActive: Bool?, reason: String?, appointments handling: AffectedHandling = .keep,
        by admin: Principal, origin: RequestOrigin
    ) async throws -> Changed {
        try await database.write { db in
            let accounts = AccountRepository(db: db)
            // Before the account itself, so that administrators who deactivate each other lock in one order.
            let administrators = target.mayBeAdministrator ? try accounts.lockActiveAdministrators() : []
            guard let account = try accounts.lock(target) else { throw AccountStatusError.notFound }
            let isActive = isActive ?? !account.isActive
            if !isActive {
                guard account.id != admin.userID else { throw AccountStatusError.ownAccount }
                guard administrators != [account.id] else { throw AccountStatusError.lastAdministrator }
            }
            db.audit(Self.entry(account, isActive, reason, origin))
            let isNew = isActive != account.isActive
            var changed = Changed(account: account)
            if !isActive, let person = PersonOut(account) {
                changed.affected = try settlement(person, handling, isNew, origin, db)
            }
            guard isNew else { return changed }
            let updated = try accounts.updateStatus(
                of: account.id, isActive: isActive, reason: reason, by: admin.userID,
                at: db.now)
            if !isActive { try sessions.endAll(of: account.id, .accountInactive, db: db) }
            return Changed(account: updated ?? account, affected: changed.affected)
        }
    }

    private static func entry(
        _ account: Account, _ isActive: Bool, _ reason: String?, _ origin: RequestOrigin
    ) -> AuditEntry {
        AuditEntry(
            .adminAction, "users", account.id.description, by: origin,
            patient: account.role == .patient ? PatientID(account.id) : nil,
            reason: reason ?? (isActive ? "ACTIVATED" : "DEACTIVATED"),
            before: account.isActive ? "ACTIVE" : "INACTIVE",
            after: isActive ? "ACTIVE" : "INACTIVE")
    }

    func list(_ search: AccountSearch, _ request: PageRequest, origin: RequestOrigin) async throws -> Page<Account> {
        try await database.readAudited { db in
            (
                try AccountRepository(db: db).page(search, request),
                [AuditEntry(.adminAction, "users", "", by: origin, reason: "LISTED")]
            )
        }
    }
}
