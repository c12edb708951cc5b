package import CareSyncCore

/// Turns a bearer token into the account behind it; throws a 401 or 403 ``CareSyncCore/Problem`` otherwise. The identity
/// feature supplies it. It is called on every request, so it answers from memory whenever it can.
package struct Authenticator: Sendable {
    package let authenticate: @Sendable (_ token: String) async throws -> Principal

    package init(_ authenticate: @escaping @Sendable (_ token: String) async throws -> Principal) {
        self.authenticate = authenticate
    }
}

/// Tells whether a caller has proved who they are recently enough for what is sensitive (rules/second-factor 4). It may
/// ask the database: few routes need it.
package struct StepUpGuard: Sendable {
    package typealias Check =
        @Sendable (_ caller: Principal, _ proof: IdentityProof, _ now: Instant) async throws -> Bool

    package let isFresh: Check

    package init(_ isFresh: @escaping Check) {
        self.isFresh = isFresh
    }

    /// Where nobody can step up.
    package static let closed = StepUpGuard { _, _, _ in false }
}
