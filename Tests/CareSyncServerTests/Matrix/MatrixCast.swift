import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// One of every kind of caller. Refused ones change nothing; when an admitted one has changed an account or a session,
/// a new cast comes.
struct MatrixCast {
    /// `nil` for nobody.
    let users: [AuthorizationMatrix.Caller: TestUser?]
    let owner: TestUser
    let treatingDoctor: TestUser
    let admin: TestUser
    /// With a grant for the owner.
    let glassBreakers: [TestUser]
    private let before: [String]

    /// - Parameter number: another one for each cast on the same database.
    static func assemble(_ number: Int, in app: TestApp) async throws -> MatrixCast {
        let owner = try await app.registerPatient([
            "firstName": "Quillfeather", "lastName": "Zumbrota", "contactInfo": "+91 9000077731",
            "email": "quillfeather\(number)@records.example", "illnessDetails": "matrix-illness-xylophone",
        ])
        let doctor = try await app.registerDoctor([
            "firstName": "Featherstone", "lastName": "Pumpernickel", "contactInfo": "+91 9000088842",
        ])
        let admin = try await app.admin()
        let deactivated = try await app.registerDoctor()
        _ = try await SchedulingRecords.book(deactivated, "2026-03-12T10:00:00", as: owner, in: app)
        let status = "/api/admin/users/\(deactivated.username)/status?active=false"
        let out = try await app.send(.put, status, as: admin, body: "{}")
        try #require(out.status == 200, "\(out.text)")

        let revoked = try await app.signIn(owner.username, owner.password, role: .patient)
        let list = try await app.get("/api/auth/sessions", as: revoked).json.list
        let session = try #require(list.first { $0["current"].bool == true }?["id"].string)
        try #require(try await app.delete("/api/auth/sessions/\(session)", as: owner).status == 200)

        let glassBreakers = [try await app.admin(), try await app.registerDoctor()]
        let users: [AuthorizationMatrix.Caller: TestUser?] = [
            .anonymous: nil, .owner: owner, .otherPatient: try await app.registerPatient(),
            .treatingDoctor: doctor, .otherDoctor: try await app.registerDoctor(),
            .unverifiedDoctor: try await app.registerDoctor(verified: false), .admin: admin,
            .breakGlassAdmin: glassBreakers[0], .breakGlassDoctor: glassBreakers[1],
            .deactivated: deactivated, .revoked: revoked,
        ]
        return MatrixCast(
            users: users, owner: owner, treatingDoctor: doctor, admin: admin, glassBreakers: glassBreakers,
            before: try await state(users, in: app))
    }

    /// Whether everyone still is who they were.
    func isIntact(in app: TestApp) async throws -> Bool {
        try await Self.state(users, in: app) == before
    }

    /// Accounts, what doctors are and when they work, and how many sessions everyone has.
    private static func state(
        _ users: [AuthorizationMatrix.Caller: TestUser?], in app: TestApp
    ) async throws -> [String] {
        let ids = Set(users.values.compactMap { $0?.id }).sorted()
        return try await app.database.read { db in
            var lines: [String] = []
            try db.query(
                """
                SELECT u.id, u.is_active, u.password_hash, d.is_verified, d.hours_version,
                       (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL) AS live
                FROM users u LEFT JOIN doctors d ON d.id = u.id WHERE u.id IN \(in: ids) ORDER BY u.id
                """
            ) { row in
                let (verified, hours): (Bool?, Int64?) = (try row.value("is_verified"), try row.value("hours_version"))
                lines.append(
                    """
                    \(try row.value("id") as Int64) \(try row.value("is_active") as Bool) \
                    \(try row.value("password_hash") as String) \(verified ?? false) \(hours ?? 0) \
                    \(try row.value("live") as Int64)
                    """)
            }
            return lines
        }
    }
}
