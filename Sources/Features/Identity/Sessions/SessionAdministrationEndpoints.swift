import CareSyncCore
import WebAPI

/// `UserSessionDto` of the published API.
struct UserSessionResponse: WireResponse {
    /// A number for lists; it names nothing.
    let id: Int64
    let username: String
    let sessionId: String
    let ipAddress: String
    let loginTime: Instant
    let lastActivity: Instant
    let active: Bool
    let userAgent: String?
    let userType: Role

    init(_ named: SessionAdministration.Named) {
        let session = named.session
        // Twelve hexadecimal digits: 48 bits, which every client keeps exactly.
        id = Int64(named.name.prefix(12), radix: 16) ?? 0
        username = session.username
        sessionId = named.name
        ipAddress = session.address
        loginTime = session.createdAt
        lastActivity = session.lastActivityAt
        active = true
        userAgent = session.userAgent
        userType = session.role
    }
}

struct SessionPath: Codable, Sendable {
    var sessionId: String
}

struct AccountPath: Codable, Sendable {
    var username: String
}

/// Sessions as administrators see and end them.
struct SessionAdministrationEndpoints: Sendable {
    let sessions: SessionAdministration

    private static let base = "/api/admin/sessions"

    var all: [Endpoint] {
        [
            .get(
                "\(Self.base)/{username}", "Live sessions of an account",
                "Administrators. The newest first, at most 500; empty for an unknown name.", access: .role(.admin),
                use: list),
            .post(
                "\(Self.base)/deactivate/{sessionId}", "End a session",
                "Administrators. The session's tokens are void at once.", access: .role(.admin),
                fails: [SessionListError.notFound], use: end),
            .post(
                "\(Self.base)/deactivate-all/{username}", "End all sessions of an account",
                "Administrators. Their own account included, which ends this session too.", access: .role(.admin),
                fails: [SessionListError.noAccount], use: endAll),
            .post(
                "\(Self.base)/cleanup-expired", "End expired sessions",
                "Administrators. It also happens automatically.", access: .role(.admin), use: retention),
        ]
    }

    func list(_ request: EndpointRequest<AccountPath, NoBody>) async throws -> [UserSessionResponse] {
        try await sessions.list(ofAccount: request.parameters.username, origin: request.origin).map(
            UserSessionResponse.init)
    }

    func end(_ request: EndpointRequest<SessionPath, NoBody>) async throws -> MessageResponse {
        try await sessions.end(named: request.parameters.sessionId, by: request.origin)
        return MessageResponse(message: "The session has ended.")
    }

    func endAll(_ request: EndpointRequest<AccountPath, NoBody>) async throws -> MessageResponse {
        let count = try await sessions.endAll(ofAccount: request.parameters.username, by: request.origin)
        return MessageResponse(message: "Sessions ended: \(count).")
    }

    func retention(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse {
        MessageResponse(message: "Sessions ended: \(try await sessions.retention(by: request.origin)).")
    }
}
