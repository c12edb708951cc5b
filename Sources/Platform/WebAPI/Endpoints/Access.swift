package import CareSyncCore

/// Who may call an endpoint, by role. The service decides whose data they may access.
package enum Access: Sendable, Equatable {
    /// Anyone; a token is not looked at.
    case `public`
    /// Anyone; a valid token tells who is calling, an invalid one is refused.
    case publicKnowingCaller
    /// Any signed-in account.
    case signedIn
    case roles(Set<Role>)
    /// Accounts of these roles, and whoever has a link that the server has signed: with the query value `sig` no token is
    /// looked at, and the service judges the signature.
    case rolesOrLink(Set<Role>)

    package static func role(_ role: Role) -> Access { .roles([role]) }

    /// The `x-access` value of the OpenAPI operation.
    package var gate: [String] {
        switch self {
        case .public, .publicKnowingCaller: ["PUBLIC"]
        case .signedIn: ["ANY"]
        case .roles(let roles), .rolesOrLink(let roles): Role.allCases.filter(roles.contains).map(\.rawValue)
        }
    }

    var needsToken: Bool {
        switch self {
        case .public, .publicKnowingCaller: false
        case .signedIn, .roles, .rolesOrLink: true
        }
    }

    func admits(_ role: Role) -> Bool {
        switch self {
        case .roles(let roles), .rolesOrLink(let roles): roles.contains(role)
        case .public, .publicKnowingCaller, .signedIn: true
        }
    }
}
