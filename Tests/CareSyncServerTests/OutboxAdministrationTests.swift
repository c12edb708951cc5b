import CareSyncCore
import CareSyncTesting
import Outbox
import Persistence
import Testing

@Suite("The outbox as administrators see it")
struct OutboxAdministrationTests {
    private static let none = [String: String]()

    private struct Secret: Job {
        static let kind = "test.secret"
        let name: String
        var secret = "marzipan"
        var key: String { "\(name)/1" }
    }

    /// One message that waits, one that was given up, one that is done.
    private static func fill(_ app: TestApp) async throws {
        let now = app.time.now
        // One transaction each: the order within one is the database's affair.
        for name in ["waiting", "given-up", "done"] {
            try await app.database.write { db in
                try db.enqueue(Secret(name: name), due: now + .hours(1))
            }
        }
        try await app.database.write { db in
            try db.run("UPDATE outbox SET done_at = due_at WHERE key = 'done/1'")
            try db.run(
                """
                UPDATE outbox SET parked_at = due_at, attempts = 12, last_error = 'SMTP_550' WHERE key = 'given-up/1'
                """)
        }
    }

    @Test("what waits or was given up is listed, without its payload", arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            try await Self.fill(app)
            let all = try await app.get("/api/admin/outbox", as: admin)
            #expect(all.json.list.map { $0["subject"].string } == ["given-up/1", "waiting/1"])
            #expect(!all.text.contains("marzipan"))
            #expect(all["[0].state"].string == "PARKED")
            #expect(all["[0].lastError"].string == "SMTP_550")
            #expect(all["[0].attempts"].int == 12)

            let parked = try await app.get("/api/admin/outbox?state=PARKED&page=0&size=1", as: admin)
            #expect(parked.json.list.map { $0["subject"].string } == ["given-up/1"])
            #expect(parked.header("X-Total-Count") == "1")
            let pending = try await app.get("/api/admin/outbox?state=PENDING", as: admin)
            #expect(pending.json.list.map { $0["subject"].string } == ["waiting/1"])
            for query in ["state=GONE", "size=101", "page=-1"] {
                #expect(try await app.get("/api/admin/outbox?\(query)", as: admin).status == 400)
            }
        }
    }

    @Test("what was given up is tried again, once, and the log says who asked", arguments: DatabaseKind.available)
    func retries(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            try await Self.fill(app)
            let id = try #require(
                try await app.get("/api/admin/outbox?state=PARKED", as: admin)["[0].id"].int)
            let retried = try await app.post("/api/admin/outbox/\(id)/retry", as: admin, json: Self.none)
            #expect(retried.status == 200)
            #expect(retried["state"].string == "PENDING")
            #expect(retried["attempts"].int == 0)
            let again = try await app.post("/api/admin/outbox/\(id)/retry", as: admin, json: Self.none)
            #expect(again.status == 409)
            #expect(again.problemCode == "OUTBOX_MESSAGE_NOT_PARKED")
            let unknown = try await app.post("/api/admin/outbox/987654/retry", as: admin, json: Self.none)
            #expect(unknown.problemCode == "OUTBOX_MESSAGE_NOT_FOUND")
            let log = try await app.get("/api/admin/audit?entity=outbox", as: admin).json.list
            let line = try #require(log.first { $0["reason"].string == "RETRIED" })
            #expect(line["entityId"].string == "\(id)")
            #expect(line["before"].string == "PARKED")
        }
    }
}
