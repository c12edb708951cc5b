package import CareSyncCore
package import Persistence

/// A row of `users`.
package struct Account: RowDecodable, Equatable {
    package let id: UserID
    package let username: String
    package let email: String
    package let role: Role
    package let isActive: Bool
    package let mustChangePassword: Bool
    package let lastLoginAt: Instant?
    /// When the address was verified; `nil` if the account was created without.
    package let emailVerifiedAt: Instant?
    package let createdAt: Instant
    package let updatedAt: Instant
    let passwordHash: String

    package init(row: Row) throws {
        id = try row.value("id")
        username = try row.value("username")
        email = try row.value("email")
        role = try row.value("role")
        isActive = try row.value("is_active")
        mustChangePassword = try row.value("must_change_password")
        lastLoginAt = try row.value("last_login_at")
        emailVerifiedAt = try row.value("email_verified_at")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        passwordHash = try row.value("password_hash")
    }
}
