import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// A live session as people see it.
struct ListedSession: RowDecodable {
    let id: SessionID
    let username: String
    let role: Role
    let address: String
    let userAgent: String?
    let createdAt: Instant
    /// Written at most once a minute.
    let lastActivityAt: Instant
    /// When it ends unless it is refreshed before.
    let expiresAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        username = try row.value("username")
        role = try row.value("role")
        address = try row.value("address")
        userAgent = try row.value("user_agent")
        createdAt = try row.value("created_at")
        lastActivityAt = try row.value("last_activity_at")
        expiresAt = try row.value("token_expires_at")
    }
}

enum SessionListError: FailureCatalogue, CaseIterable {
    case notFound
    case noAccount

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "SESSION_NOT_FOUND", "There is no such session.")
        case .noAccount: AccountStatusError.notFound.problem
        }
    }
}

extension SessionRepository {
    /// More live sessions than a person would have; the newest are shown.
    private static let mostListed = 500

    /// The live ones, the newest first.
    func list(of user: UserID, at now: Instant) throws -> [ListedSession] {
        try db.all(
            """
            SELECT s.id, u.username, u.role, s.address, s.user_agent, s.created_at, s.last_activity_at,
                   s.token_expires_at
            FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.user_id = \(user) AND s.ended_at IS NULL AND s.token_expires_at > \(now) AND s.expires_at > \(now)
            ORDER BY s.created_at DESC, s.id DESC LIMIT \(Self.mostListed)
            """)
    }

    /// Whose session it is, if it has not ended.
    func owner(of id: SessionID) throws -> UserID? {
        try db.value("SELECT user_id FROM sessions WHERE id = \(id) AND ended_at IS NULL")
    }
}

/// Lists sessions and ends single ones: a person's own, or for administrators anyone's.
struct SessionAdministration: Sendable {
    let database: any Database
    let sessions: SessionService
    /// What sessions are called in answers: their ids stand in access tokens.
    let names: OpaqueIDs

    private var now: Instant { database.services.time.now }

    /// A session with its name.
    typealias Named = (session: ListedSession, name: String)

    func list(of user: UserID) async throws -> [Named] {
        let now = now
        return try named(try await database.read { db in try SessionRepository(db: db).list(of: user, at: now) })
    }

    /// Empty for an unknown account.
    func list(ofAccount username: String, origin: RequestOrigin) async throws -> [Named] {
        let now = now
        let found: [ListedSession] = try await database.readAudited { db in
            let account = try AccountRepository(db: db).find(named: username)
            return (
                try account.map { try SessionRepository(db: db).list(of: $0.id, at: now) } ?? [],
                [AuditEntry(.adminAction, "sessions", account?.id.description ?? "", by: origin, reason: "LISTED")]
            )
        }
        return try named(found)
    }

    /// Ends one of the caller's sessions; somebody else's is answered like an unknown one.
    func end(named name: String, of user: UserID, origin: RequestOrigin) async throws {
        let id = try id(name)
        try await database.write { db in
            guard try SessionRepository(db: db).owner(of: id) == user else { throw SessionListError.notFound }
            try sessions.end(id, .revoked, by: origin, db: db)
        }
    }

    /// Ends anyone's session.
    func end(named name: String, by origin: RequestOrigin) async throws {
        let id = try id(name)
        try await database.write { db in
            guard let owner = try SessionRepository(db: db).owner(of: id) else { throw SessionListError.notFound }
            db.audit(Self.entry(owner, ended: 1, origin))
            try sessions.end(id, .administrator, by: origin, db: db)
        }
    }

    /// Ends all sessions of an account, its refresh tokens with them; how many there were.
    func endAll(ofAccount username: String, by origin: RequestOrigin) async throws -> Int {
        try await database.write { db in
            guard let account = try AccountRepository(db: db).find(named: username) else {
                throw SessionListError.noAccount
            }
            let ended = try sessions.endAll(of: account.id, .administrator, db: db).count
            db.audit(Self.entry(account.id, ended: ended, origin))
            return ended
        }
    }

    /// Ends the sessions whose refresh token was not used in time; returns how many there were. The purge does this
    /// every ten minutes, too.
    func retention(by origin: RequestOrigin) async throws -> Int {
        let now = now
        return try await database.write { db in
            let ended = try SessionRepository(db: db).endExpired(at: now).count
            db.audit(
                AuditEntry(.adminAction, "sessions", "", by: origin, reason: "EXPIRED_ENDED", after: "\(ended) ENDED"))
            return ended
        }
    }

    private func id(_ name: String) throws -> SessionID {
        guard let id = try names.id(of: name).flatMap(SessionID.init(checking:)) else {
            throw SessionListError.notFound
        }
        return id
    }

    private func named(_ sessions: [ListedSession]) throws -> [Named] {
        try sessions.map { (session: $0, name: try names.name(of: $0.id.rawValue)) }
    }

    private static func entry(_ owner: UserID, ended: Int, _ origin: RequestOrigin) -> AuditEntry {
        AuditEntry(
            .adminAction, "sessions", owner.description, by: origin, reason: SessionEnd.administrator.rawValue,
            after: "\(ended) ENDED")
    }
}
