import CareSyncTesting
import HTTPTypes
import Outbox
import Persistence
import Testing

/// Accounts, sessions, blocked addresses and the outbox.
enum IdentityRecords: MatrixFixture {
    static let requests = ["PUT /api/admin/users/{username}/status": "?active=true"]

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let block = try await app.send(
            .post, "/api/admin/block-ip?ipAddress=192.0.2.78", as: cast.admin, body: "{}")
        try #require(block.status == 200, "\(block.text)")
        let session = try #require(try await app.get("/api/auth/sessions", as: cast.owner)["[0].id"].string)
        let waiting = try await app.database.write { db -> Int64? in
            try db.enqueue(TestJob("matrix/1"))
            try db.run("UPDATE outbox SET parked_at = due_at WHERE kind = 'test.job'")
            return try db.value("SELECT id FROM outbox WHERE kind = 'test.job'")
        }
        let message = try #require(waiting)
        return PlantedRecords(
            values: ["username": cast.treatingDoctor.username, "sessionId": session, "ipAddress": "192.0.2.78"],
            ids: [("/api/auth/sessions/", session), ("/api/admin/outbox/", "\(message)")],
            state: ["SELECT id FROM outbox WHERE id = \(message) AND parked_at IS NOT NULL"])
    }
}
