import CareSyncCore
import Persistence

struct AccountRepository {
    let db: any Connection
    static let columns: SQL = """
        id, username, email, role, is_active, must_change_password, last_login_at, email_verified_at, created_at,
        updated_at, password_hash
        """

    func find(_ id: UserID) throws -> Account? {
        try db.first("SELECT \(Self.columns) FROM users WHERE id = \(id)")
    }

    /// By user name, in whatever case it is written.
    func find(named username: String) throws -> Account? {
        try db.first("SELECT \(Self.columns) FROM users WHERE username_key = \(UsernameRules.key(username))")
    }

    func find(withEmail email: EmailAddress) throws -> Account? {
        try find(withEmailKey: email.key)
    }

    func find(withEmailKey key: String) throws -> Account? {
        try db.first("SELECT \(Self.columns) FROM users WHERE email_key = \(key)")
    }

    func exists(named username: String) throws -> Bool {
        try db.exists("SELECT 1 FROM users WHERE username_key = \(UsernameRules.key(username))")
    }

    func exists(withEmail email: EmailAddress) throws -> Bool {
        try db.exists("SELECT 1 FROM users WHERE email_key = \(email.key)")
    }

    /// `nil` when the user name or the address is taken.
    func insert(_ account: NewAccount, email: EmailAddress, at now: Instant) throws -> Account? {
        let id = UserID(try db.nextID(AccountSchema.userIDs))
        let lastLogin = account.isSignedIn ? now : nil
        return try db.first(
            """
            INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, is_active,
                               must_change_password, last_login_at, email_verified_at, created_at, updated_at)
            VALUES (\(id), \(account.username), \(UsernameRules.key(account.username)), \(email.text), \(email.key),
                    \(account.passwordHash), \(account.role), \(account.isActive), \(account.mustChangePassword),
                    \(lastLogin), \(account.isEmailVerified ? now : nil), \(account.createdAt ?? now),
                    \(account.createdAt ?? now))
            ON CONFLICT DO NOTHING
            RETURNING \(Self.columns)
            """)
    }

    /// Records a sign-in if account and password hash are still what was verified. The row stays locked, so that a
    /// deactivation or a password change also ends the session that this transaction begins.
    func noteSignIn(_ account: Account, upgradedHash: String?, at now: Instant) throws -> Account? {
        try db.first(
            """
            UPDATE users SET last_login_at = \(now), password_hash = \(upgradedHash ?? account.passwordHash)
            WHERE id = \(account.id) AND is_active AND password_hash = \(account.passwordHash)
            RETURNING \(Self.columns)
            """)
    }

    /// Locks an active account; returns whether there is one.
    func touch(_ id: UserID, at now: Instant) throws -> Bool {
        try db.run("UPDATE users SET updated_at = \(now) WHERE id = \(id) AND is_active") == 1
    }

    /// Stores a stronger hash of the verified password; `nil` when it is no longer the account's.
    func upgradePassword(of account: Account, to hash: String?) throws -> Account? {
        try db.first(
            """
            UPDATE users SET password_hash = \(hash ?? account.passwordHash)
            WHERE id = \(account.id) AND is_active AND password_hash = \(account.passwordHash)
            RETURNING \(Self.columns)
            """)
    }

    /// Replaces the password if it is still the verified one; returns whether it was.
    func updatePassword(of account: Account, to hash: String, at now: Instant) throws -> Bool {
        let changed = try db.run(
            """
            UPDATE users SET password_hash = \(hash), must_change_password = FALSE, updated_at = \(now)
            WHERE id = \(account.id) AND password_hash = \(account.passwordHash)
            """)
        return changed == 1
    }

    /// Replaces the password, whatever it was; `false` when the account is not active.
    func resetPassword(of id: UserID, to hash: String, at now: Instant) throws -> Bool {
        let changed = try db.run(
            """
            UPDATE users SET password_hash = \(hash), must_change_password = FALSE, updated_at = \(now)
            WHERE id = \(id) AND is_active
            """)
        return changed == 1
    }
}
