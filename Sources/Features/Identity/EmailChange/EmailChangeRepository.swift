import CareSyncCore
import Persistence

struct EmailChangeRepository {
    let db: any Connection

    /// An account, locked until the transaction ends.
    func lock(_ id: UserID) throws -> Account? {
        try db.first(
            """
            SELECT \(AccountRepository.columns) FROM users WHERE id = \(id)\(db.dialect.forNoKeyUpdate(of: "users"))
            """)
    }

    /// Throws ``EmailChangeError/taken`` when somebody else has got the address meanwhile.
    func replace(_ account: Account, by email: EmailAddress, at now: Instant) throws {
        do {
            try db.run(
                """
                UPDATE users SET email = \(email.text), email_key = \(email.key), email_verified_at = \(now),
                                 updated_at = \(now)
                WHERE id = \(account.id)
                """)
        } catch DatabaseFailure.constraint(.unique, name: _) {
            throw EmailChangeError.taken
        }
    }

    func insert(_ account: Account, at now: Instant) throws -> EmailChangeID {
        let id: EmailChangeID? = try db.value(
            """
            INSERT INTO email_changes (user_id, old_email, changed_at)
            VALUES (\(account.id), \(account.email), \(now)) RETURNING id
            """)
        guard let id else { throw DatabaseFailure.other(code: "no id") }
        return id
    }

    func find(_ id: EmailChangeID) throws -> EmailChange? {
        try db.first("SELECT id, old_email, changed_at FROM email_changes WHERE id = \(id)")
    }
}
