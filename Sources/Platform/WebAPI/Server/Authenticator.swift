package import CareSyncCore

/// Turns a bearer token into the account behind it; throws a 401 or 403 ``CareSyncCore/Problem`` otherwise. The identity
/// feature supplies it. It is called on every request, so it answers from memory whenever it can.
package struct Authenticator: Sendable {
    package let authenticate: @Sendable (_ token: String) async throws -> Principal

    package init(_ authenticate: @escaping @Sendable (_ token: String) async throws -> Principal) {
        self.authenticate = authenticate
    }
}

/// What kind of quota a request draws on.
package enum RateClass: String, Sendable {
    case standard, authentication
}

/// Decides whether a request is within its quota; throws a 429 ``CareSyncCore/Problem`` otherwise.
package struct RateLimiter: Sendable {
    package let admit: @Sendable (_ kind: RateClass, _ address: String, _ caller: UserID?) throws -> Void

    package init(_ admit: @escaping @Sendable (RateClass, String, UserID?) throws -> Void) {
        self.admit = admit
    }

    package static let unlimited = RateLimiter { _, _, _ in }
}
