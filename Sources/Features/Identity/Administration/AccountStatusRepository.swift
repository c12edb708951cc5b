import CareSyncCore
import Persistence

/// Which accounts to list.
struct AccountSearch: Sendable {
    var role: Role?
    /// A part of the user name or of the e-mail address, in any case.
    var text: String?

    var conditions: SQL {
        var parts: [SQL] = []
        if let role { parts.append("role = \(role)") }
        if let text {
            let pattern = "%" + TextKey.likeLiteral(EmailAddress.key(of: text)) + "%"
            parts.append("(username_key LIKE \(pattern) ESCAPE '!' OR email_key LIKE \(pattern) ESCAPE '!')")
        }
        return parts.isEmpty ? "" : " WHERE " + SQL.joined(parts, separator: " AND ")
    }
}

extension AccountRepository {
    /// In the order of the ids.
    func page(_ search: AccountSearch, _ request: PageRequest) throws -> Page<Account> {
        let batch = Batch()
        let accounts = batch.all(
            Account.self,
            """
            SELECT \(Self.columns) FROM users\(search.conditions) ORDER BY id
            LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let total =
            request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM users\(search.conditions)") : nil
        try batch.run(db)
        return Page(fetched: try accounts.value, request: request, total: try total?.value ?? nil)
    }

    /// Nobody else changes the account until the transaction ends.
    func lock(_ target: AccountTarget) throws -> Account? {
        let condition: SQL =
            switch target {
            case .named(let username): "username_key = \(UsernameRules.key(username))"
            case .doctor(let id): "id = \(id) AND role = \(Role.doctor)"
            case .patient(let id): "id = \(id) AND role = \(Role.patient)"
            }
        return try db.first("SELECT \(Self.columns) FROM users WHERE \(condition)\(db.dialect.forUpdate(of: "users"))")
    }

    /// The administrators who can sign in; none of them is deactivated until the transaction ends.
    func lockActiveAdministrators() throws -> [UserID] {
        try db.values(
            """
            SELECT id FROM users WHERE role = \(Role.admin) AND is_active
            ORDER BY id\(db.dialect.forUpdate(of: "users"))
            """)
    }

    func updateStatus(
        of id: UserID, isActive: Bool, reason: String?, by admin: UserID, at now: Instant
    ) throws -> Account? {
        try db.first(
            """
            UPDATE users SET is_active = \(isActive), status_reason = \(reason), status_changed_by = \(admin),
                             status_changed_at = \(now), updated_at = \(now)
            WHERE id = \(id)
            RETURNING \(Self.columns)
            """)
    }
}
