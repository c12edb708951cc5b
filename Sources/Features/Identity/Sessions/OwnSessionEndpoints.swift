import CareSyncCore
import WebAPI

/// A session as its owner sees it.
struct OwnSessionResponse: WireResponse, Documented {
    /// Names it in `DELETE /api/auth/sessions/{id}`.
    let id: String
    /// How the device describes itself, such as the browser's name.
    let device: String?
    let ipAddress: String
    let loginTime: Instant
    let lastActivity: Instant
    /// When it ends unless it is used before then.
    let expiresAt: Instant
    /// Whether this request belongs to it.
    let current: Bool

    static let notes: [String: FieldNote] = ["id": "Names it in `DELETE /api/auth/sessions/{id}`."]

    init(_ named: SessionAdministration.Named, current: SessionID) {
        id = named.name
        device = named.session.userAgent
        ipAddress = named.session.address
        loginTime = named.session.createdAt
        lastActivity = named.session.lastActivityAt
        expiresAt = named.session.expiresAt
        self.current = named.session.id == current
    }
}

struct OwnSessionPath: Codable, Sendable, Documented {
    var id: String

    static let notes: [String: FieldNote] = ["id": "The session's name in the list."]
}

struct OwnSessionEndpoints: Sendable {
    let sessions: SessionAdministration

    var all: [Endpoint] {
        [
            .get(
                "/api/auth/sessions", "My live sessions, newest first",
                "Any account. Where it is signed in, this session included.", access: .signedIn, use: list),
            .delete(
                "/api/auth/sessions/{id}", "End one of my sessions",
                "Any account, its own. The session's tokens are void at once.", access: .signedIn,
                fails: [SessionListError.notFound], use: end),
        ]
    }

    func list(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> [OwnSessionResponse] {
        let caller = try request.principal
        return try await sessions.list(of: caller.userID).map { OwnSessionResponse($0, current: caller.sessionID) }
    }

    func end(_ request: EndpointRequest<OwnSessionPath, NoBody>) async throws -> MessageResponse {
        try await sessions.end(named: request.parameters.id, of: request.principal.userID, origin: request.origin)
        return MessageResponse(message: "The session has ended.")
    }
}
