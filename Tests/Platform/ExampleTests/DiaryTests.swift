import AuditTrail
import CareSyncCore
import CareSyncTesting
import Directory
import HTTPTypes
import Outbox
import Testing

@testable import Persistence

@Suite("Example: a diary")
struct DiaryTests {
    @Test("only a signed token that lasts opens the diary", arguments: DatabaseKind.available)
    func signsIn(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            #expect(try await app.send(.get, "/api/diaries/entries", token: token).text == "[]")
            #expect(try await app.send(.get, "/api/diaries/entries", token: token + "x").problemCode == "TOKEN_INVALID")
            #expect(try await app.send(.get, "/api/diaries/entries").status == 401)
            app.time.advance(by: .minutes(16))
            #expect(try await app.send(.get, "/api/diaries/entries", token: token).problemCode == "TOKEN_EXPIRED")
            let wrong = try await app.signIn("asha", "Wrong-Horse-42")
            #expect(wrong.problemCode == "INVALID_CREDENTIALS")
            let again = try #require(try await app.signIn()["accessToken"].string)
            #expect(try await app.send(.get, "/api/diaries/entries", token: again).status == 200)
        }
    }

    @Test("what a patient writes is stored sealed under their own key", arguments: DatabaseKind.available)
    func seals(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let (asha, ravi) = (try await app.owner("asha"), try await app.owner("ravi"))
            #expect(try await app.write("slept badly", token: asha).status == 200)
            #expect(try await app.write("slept well", token: ravi).status == 200)
            let stored: [[UInt8]] = try await app.database.read { db in
                try db.values("SELECT text FROM diary_entries")
            }
            for text in stored { #expect(!String(decoding: text, as: UTF8.self).contains("slept")) }
            let mine = try await app.send(.get, "/api/diaries/entries?size=5", token: asha)
            #expect(mine.json.list.map { $0["text"].string } == ["slept badly"])
            #expect(mine.header("X-Total-Count") == "1")

            // A value under another row's id does not open: a fault that says so, never a placeholder.
            _ = try await app.database.write { db in
                try db.run(
                    """
                    UPDATE diary_entries SET text = (
                        SELECT e.text FROM diary_entries e JOIN users u ON u.id = e.patient_id
                        WHERE u.username = 'ravi')
                    """)
            }
            let moved = try await app.send(.get, "/api/diaries/entries", token: asha)
            #expect(moved.status == 500)
            #expect(moved.problemCode == "DATA_INTEGRITY")
        }
    }

    @Test("a repeated request gets the same bytes and takes effect once", arguments: DatabaseKind.available)
    func repeats(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            let first = try await app.write("slept badly", token: token, key: "morning")
            let second = try await app.write("slept badly", token: token, key: "morning")
            #expect(first.status == 200)
            #expect(second.bytes == first.bytes)
            #expect(try await app.write("slept well", token: token, key: "morning").status == 422)
            #expect(try await app.count("diary_entries") == 1)
            #expect(try await app.count("outbox WHERE kind = 'diary.copy'") == 1)
        }
    }

    @Test(
        "the copy is made once, the reminder at its time; both survive because they are rows",
        arguments: DatabaseKind.available)
    func carriesOut(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            let written = try await app.write("call the clinic", remindInMinutes: 30, token: token)
            let id = try #require(written["id"].int)
            #expect(try await app.worker.runOnce() == 1)
            #expect(app.copies.all == ["diary_entry/\(id)"])

            app.time.advance(by: .minutes(10))
            #expect(try await app.worker.runOnce() == 0)
            app.time.advance(by: .minutes(4))
            #expect(try await app.send(.get, "/api/diaries/entries", token: token)["[0].remindedAt"].isNull)

            app.time.advance(by: .minutes(16))
            #expect(try await app.worker.runOnce() == 1)
            #expect(try await app.worker.runOnce() == 0)
            let again = try await app.signIn()["accessToken"].string
            let entries = try await app.send(.get, "/api/diaries/entries", token: again)
            #expect(entries["[0].remindedAt"].string == app.time.now.description)
            #expect(app.copies.all.count == 1)
        }
    }

    @Test(
        "another feature hears of an entry in its transaction, and a screen after it", arguments: DatabaseKind.available
    )
    func announces(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            var heard = app.heard.makeAsyncIterator()
            for text in ["one", "two", "three"] {
                let id = try #require(try await app.write(text, token: token)["id"].int)
                #expect(await heard.next()?.entry == DiaryEntryID(Int64(id)))
            }

            // The subscriber refuses the fourth: nothing of it stays, and nobody hears of it.
            let before = (try await app.count("outbox"), try await app.count("audit_log"))
            let refused = try await app.write("four", remindInMinutes: 5, token: token)
            #expect(refused.status == 409)
            #expect(refused.problemCode == "DIARY_FULL")
            #expect(try await app.count("diary_entries") == 3)
            #expect(try await (app.count("outbox"), app.count("audit_log")) == before)

            let other = try await app.owner("ravi")
            let id = try #require(try await app.write("mine", token: other)["id"].int)
            #expect(await heard.next()?.entry == DiaryEntryID(Int64(id)))
        }
    }

    @Test("the audit log tells who did what, in a chain that only the key can make", arguments: DatabaseKind.available)
    func audits(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            let id = try #require(try await app.write("slept badly", token: token)["id"].int)
            _ = try await app.send(.get, "/api/diaries/entries", token: token)
            let report = try await app.auditLog.verifier(of: app.database).run()
            #expect(report.defect == nil)
            let trail = try await app.auditTrail()
            #expect(trail.sorted() == ["CREATE_PHI diary_entries/\(id)", "READ_PHI diary_entries/"])

            await #expect(throws: DatabaseFailure.constraint(.trigger, name: "audit_log_is_append_only")) {
                try await app.database.write { db in
                    _ = try db.run("UPDATE audit_log SET entity_id = '7' WHERE action = 'CREATE_PHI'")
                }
            }
        }
    }

    @Test("an erased patient's entries stand there without their text", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withDiaries(kind) { app in
            let token = try await app.owner()
            #expect(try await app.write("slept badly", token: token).status == 200)
            try await app.database.write { [vault = app.vault] db in
                guard let patient: PatientID = try db.value("SELECT id FROM patients") else { return }
                try vault.forget(patient, db)
            }
            let entries = try await app.send(.get, "/api/diaries/entries", token: token)
            #expect(entries.status == 200)
            #expect(entries["[0].text"].isNull)
            #expect(try await app.write("slept well", token: token).problemCode == "PATIENT_INACTIVE")
        }
    }
}
