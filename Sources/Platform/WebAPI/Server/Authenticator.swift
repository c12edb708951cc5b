package import CareSyncCore

/// Turns a bearer token into the account behind it; throws a 401 or 403 ``CareSyncCore/Problem`` otherwise. The identity
/// feature supplies it. It is called on every request, so it answers from memory whenever it can.
package struct Authenticator: Sendable {
    package let authenticate: @Sendable (_ token: String) async throws -> Principal

    package init(_ authenticate: @escaping @Sendable (_ token: String) async throws -> Principal) {
        self.authenticate = authenticate
    }
}
