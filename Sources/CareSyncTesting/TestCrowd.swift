import CareSyncCore
import CareSyncServer
import Cryptography
import Identity
import Persistence

extension TestApp {
    /// Many signed-in patients, made without hashing a password for each: they share one that nobody knows.
    package func crowd(_ count: Int) async throws -> [TestUser] {
        let first = random.next()
        let signer = await TokenSigner.make(system.configuration.keys.tokens)
        let (identity, now) = (system.identity, time.now)
        let sessions = try await database.write { db in
            try (0..<count).map { index -> (account: Account, session: SessionID) in
                let name = "crowd" + String(first, radix: 36) + "." + String(index)
                let account = try identity.addAccount(
                    NewAccount(
                        username: name, email: "\(name)@example.org", passwordHash: "none", role: .patient),
                    form: ProfileForm(firstName: "Asha", lastName: "Verma"), db: db)
                return (account, try Self.openSession(of: account.id, now: now, db: db))
            }
        }
        var users: [TestUser] = []
        for (account, session) in sessions {
            let claims = AccessClaims(
                userID: account.id, username: account.username, role: .patient, sessionID: session,
                tokenID: "crowd\(session)", issuedAt: now, expiresAt: now + .minutes(15))
            users.append(
                TestUser(
                    id: account.id.rawValue, username: account.username, password: "", role: .patient,
                    accessToken: try await signer.sign(claims), refreshToken: ""))
        }
        return users
    }

    private static func openSession(of user: UserID, now: Instant, db: any Connection) throws -> SessionID {
        let none: [UInt8] = []
        let id: SessionID? = try db.value(
            """
            INSERT INTO sessions (user_id, address, created_at, last_activity_at, expires_at, generation, token_hash,
                                  token_expires_at)
            VALUES (\(user), '', \(now), \(now), \(now + .days(1)), 0, \(none), \(now + .days(1))) RETURNING id
            """)
        guard let id else { throw Refused(description: "no session") }
        return id
    }
}
