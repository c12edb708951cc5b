import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Outbox
import Persistence
import Testing

@Suite("Clean-up")
struct RetentionTests {
    /// Rows of every table that is cleaned up.
    private static func counts(_ app: TestApp) async throws -> [String: Int] {
        try await app.database.read { db in
            [
                "codes": try db.value("SELECT count(*) FROM one_time_codes") ?? -1,
                "quotas": try db.value("SELECT count(*) FROM code_quotas") ?? -1,
                "mails": try db.value("SELECT count(*) FROM mail_deliveries") ?? -1,
                "ended": try db.value("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") ?? -1,
                "live": try db.value("SELECT count(*) FROM sessions WHERE ended_at IS NULL") ?? -1,
                "done": try db.value("SELECT count(*) FROM outbox WHERE done_at IS NOT NULL AND kind <> 'clean-up'")
                    ?? -1,
                "waiting": try db.value("SELECT count(*) FROM outbox WHERE kind = 'test.job'") ?? -1,
            ]
        }
    }

    private static func fill(_ app: TestApp) async throws {
        let user = try await app.registerPatient(["email": "asha@example.org"])
        _ = try await app.signIn(user.username, user.password, role: .patient)
        _ = try await app.post("/api/auth/logout", json: ["refreshToken": user.refreshToken])
        _ = try await app.post("/api/auth/forgot-password-otp", json: ["email": "asha@example.org"])
        let far = app.time.now + .days(365)
        try await app.database.write { db in
            try db.enqueue(TestJob(), due: far)
        }
        #expect(try await app.sentMails().count == 1)
    }

    /// Lets a span pass, and the hour's clean-up run at its end.
    private static func pass(_ span: TimeSpan, _ app: TestApp) async throws -> [String: Int] {
        app.time.advance(by: span)
        try await app.system.retention.schedule()
        try await app.runDueWork()
        return try await counts(app)
    }

    @Test("every kind of row goes when its time is over, and none before", arguments: DatabaseKind.available)
    func ages(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            try await Self.fill(app)
            var expected = [
                "codes": 1, "quotas": 2, "mails": 1, "ended": 1, "live": 1, "done": 1, "waiting": 1,
            ]
            #expect(try await Self.pass(.hours(1), app) == expected)
            expected["quotas"] = 0
            #expect(try await Self.pass(.hours(2), app) == expected)
            expected["codes"] = 0
            #expect(try await Self.pass(.hours(46), app) == expected)
            #expect(try await Self.pass(.days(27), app) == expected)
            (expected["ended"], expected["done"]) = (0, 0)
            #expect(try await Self.pass(.days(2), app) == expected)
            expected["mails"] = 0
            #expect(try await Self.pass(.days(60), app) == expected)
        }
    }

    @Test("an hour's run happens once, whatever the number of nodes", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            for _ in 0..<3 {
                try await app.system.retention.schedule()
                try await app.runDueWork()
            }
            let runs: [Int] = try await app.database.read { db in
                try db.values(
                    """
                    SELECT count(*) FROM outbox WHERE kind = 'clean-up' AND done_at IS NOT NULL
                    UNION ALL SELECT count(*) FROM outbox WHERE kind = 'clean-up' AND done_at IS NULL
                    """)
            }
            #expect(runs == [1, 1])
        }
    }
}
