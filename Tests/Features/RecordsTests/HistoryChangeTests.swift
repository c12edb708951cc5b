import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Corrections of the history")
struct HistoryChangeTests {
    @Test("a change replaces what it names, and a blank clears what may be missing", arguments: DatabaseKind.available)
    func partial(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.treatment = "Rest"
            entry.notes = "Smoker"
            entry.prescription = [Practice.Medicine()]
            let id = try await practice.written(entry)
            let changed = try await practice.update(
                id,
                #"{"diagnosis":"Pneumonia","symptoms":"","treatment":"","notes":null,"visitDate":" ","patientId":1}"#)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed["message"].string == "Medical history updated successfully")
            #expect(changed["diagnosis"].string == "Pneumonia")
            #expect(changed["symptoms"].string == "Cough")
            #expect(changed["treatment"].isNull)
            #expect(changed["notes"].string == "Smoker")
            #expect(changed["prescription"].list.count == 1)
            #expect(changed["version"].int == 2)
            let path = "/api/patients/medical-history/\(id)"
            let cleared = try await practice.app.send(
                .put, path, as: practice.doctor, body: #"{"prescription":[],"visitDate":"2026-03-09"}"#)
            #expect(cleared["prescription"].list.isEmpty)
            #expect(cleared["visitDate"].string == "2026-03-09")
            #expect(try await practice.update(id, #"{"visitDate":"2026-03-12"}"#).fieldErrors == ["visitDate"])
            let same = try await practice.update(id, #"{"diagnosis":" Pneumonia "}"#)
            #expect(same["version"].int == 3)
        }
    }

    @Test("who names a version changes that one only", arguments: DatabaseKind.available)
    func versionCheck(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let read = try await practice.find(id)
            let tag = try #require(read.header("ETag"))
            #expect(try await practice.update(id, #"{"notes":"one"}"#, match: tag).status == 200)
            let late = try await practice.update(id, #"{"notes":"two"}"#, match: tag)
            #expect(late.status == 412)
            #expect(late.problemCode == "PRECONDITION_FAILED")
            let found = try await practice.find(id)
            #expect(found["notes"].string == "one")
            #expect(found.header("ETag") == #""\#(found["version"].int ?? 0)""#)
        }
    }

    @Test("every version stays readable, the newest first", arguments: DatabaseKind.available)
    func versions(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.prescription = [Practice.Medicine()]
            let id = try await practice.written(entry)
            practice.app.time.advance(by: .minutes(1))
            _ = try await practice.update(id, #"{"symptoms":"Fever","prescription":[]}"#)
            practice.app.time.advance(by: .minutes(1))
            _ = try await practice.update(id, #"{"symptoms":"Chills"}"#)
            for user in [practice.doctor, practice.patient] {
                let versions = try await practice.app.get("/api/medical-history/\(id)/versions", as: user)
                let list = versions.json.list
                #expect(list.map { $0["version"].int } == [3, 2, 1])
                #expect(list.map { $0["symptoms"].string } == ["Chills", "Fever", "Cough"])
                #expect(list.map { $0["prescription"].list.count } == [0, 0, 1])
                #expect(
                    list.map { $0["changedAt"].string }
                        == ["2026-03-10T08:02:00", "2026-03-10T08:01:00", "2026-03-10T08:00:00"])
                #expect(list.allSatisfy { $0["changedBy"].string == "Meera Iyer" })
            }
        }
    }

    @Test("an entry is final a day after it was written", arguments: DatabaseKind.available)
    func final(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let almost = try await practice.later(.seconds(24 * 3600 - 1))
            #expect(try await almost.update(id, #"{"notes":"late"}"#).status == 200)
            almost.app.time.advance(by: .seconds(1))
            #expect(try await almost.find(id)["isFinal"].bool == true)
            for answer in [
                try await almost.update(id, #"{"notes":"later"}"#),
                try await almost.app.send(
                    .put, "/api/patients/medical-history/\(id)", as: almost.doctor, body: #"{"notes":"later"}"#),
                try await almost.app.delete("/api/medical-history/\(id)", as: almost.doctor),
                try await almost.app.delete("/api/patients/medical-history/\(id)", as: almost.doctor),
            ] {
                #expect(answer.status == 409)
                #expect(answer.problemCode == "RECORD_FINAL")
            }
            #expect(try await almost.find(id)["notes"].string == "late")
        }
    }

    /// An entry of the visit on the day of the visit, written when it begins.
    private static func visited(_ practice: Practice) async throws -> (practice: Practice, id: Int) {
        let day = try await practice.later(.hours(26))
        var entry = day.entry
        entry.visitDate = "2026-03-11"
        entry.appointmentId = day.appointment
        return (day, try await day.written(entry))
    }

    @Test(
        "an entry of a visit is final a day after the visit was completed, if that is later",
        arguments: DatabaseKind.available)
    func completed(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            try await practice.move("confirm")
            let (day, id) = try await Self.visited(practice)
            // A day and a quarter of an hour later the visit, which has ended, is still open.
            let open = try await day.later(.minutes(24 * 60 + 15))
            #expect(try await open.update(id, #"{"notes":"open"}"#).status == 200)
            try await open.move("complete")
            let almost = try await open.later(.seconds(24 * 3600 - 1))
            #expect(try await almost.update(id, #"{"notes":"almost"}"#).status == 200)
            almost.app.time.advance(by: .seconds(1))
            #expect(try await almost.update(id, #"{"notes":"over"}"#).problemCode == "RECORD_FINAL")
        }
    }

    @Test(
        "an appointment that stays open delays it until a day after its end, and no longer",
        arguments: DatabaseKind.available)
    func open(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            try await practice.move("confirm")
            let (day, id) = try await Self.visited(practice)
            let late = try await day.later(.minutes(24 * 60 + 30))
            #expect(try await late.update(id, #"{"notes":"late"}"#).problemCode == "RECORD_FINAL")
            try await late.move("complete")
            #expect(try await late.update(id, #"{"notes":"late"}"#).problemCode == "RECORD_FINAL")
            #expect(try await late.find(id)["isFinal"].bool == true)
        }
    }

    @Test("an appointment after the day of the visit delays nothing", arguments: DatabaseKind.available)
    func ahead(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.appointmentId = practice.appointment
            let id = try await practice.written(entry)
            let later = try await practice.later(.hours(24))
            #expect(try await later.update(id, #"{"notes":"late"}"#).problemCode == "RECORD_FINAL")
        }
    }

    @Test("an installation sets the time for corrections", arguments: DatabaseKind.available)
    func configured(_ kind: DatabaseKind) async throws {
        try await withPractice(kind, environment: ["CARESYNC_RECORD_FINAL_HOURS": "1"]) { practice in
            let id = try await practice.written()
            let later = try await practice.later(.hours(1))
            #expect(try await later.update(id, #"{"notes":"late"}"#).problemCode == "RECORD_FINAL")
        }
    }

    @Test("a final entry is amended, and the amendments stand in it in their order", arguments: DatabaseKind.available)
    func amendments(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let later = try await practice.later(.days(2))
            let path = "/api/medical-history/\(id)/amendments"
            for text in ["The X-ray came back clear.", "  Smoking \n stopped. "] {
                later.app.time.advance(by: .seconds(1))
                let added = try await later.app.post(path, as: later.doctor, json: ["text": text])
                #expect(added.status == 201, "\(added.text)")
                #expect(added["doctorName"].string == "Meera Iyer")
            }
            let found = try await later.find(id, as: later.patient)
            #expect(found["isFinal"].bool == true)
            #expect(
                found["amendments"].list.map { $0["text"].string }
                    == ["The X-ray came back clear.", "Smoking \n stopped."])
            #expect(found["amendments[0].createdAt"].string == "2026-03-12T08:00:01")
            #expect(try await later.list().json.list.first?["amendments"].list.count == 2)
            #expect(try await later.app.post(path, as: later.doctor, json: ["text": " "]).fieldErrors == ["text"])
            #expect(try await later.app.post(path, as: later.patient, json: ["text": "x"]).status == 403)
            let once = ["Idempotency-Key": "amend"]
            let first = try await later.app.post(path, as: later.doctor, json: ["text": "x"], headers: once)
            let second = try await later.app.post(path, as: later.doctor, json: ["text": "x"], headers: once)
            #expect(first.status == 201)
            #expect(second.bytes == first.bytes)
        }
    }

    @Test("what is taken back is shown nowhere and stays in the database", arguments: DatabaseKind.available)
    func deletes(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let ids = [try await practice.written(), try await practice.written()]
            let paths = ["/api/medical-history/\(ids[0])", "/api/patients/medical-history/\(ids[1])"]
            for (id, path) in zip(ids, paths) {
                let deleted = try await practice.app.delete(path, as: practice.doctor)
                #expect(deleted.status == 200)
                #expect(deleted["message"].string == "Medical history deleted successfully")
                #expect(try await practice.find(id).status == 404)
                #expect(try await practice.update(id, "{}").status == 404)
                #expect(try await practice.app.delete(path, as: practice.doctor).status == 404)
            }
            for list in ["", "/recent", "/with-doctor", "/diagnosis/Bronchitis"] {
                #expect(try await practice.list(list).json.list.isEmpty)
            }
            #expect(try await practice.list("/summary")["totalVisits"].int == 0)
            let kept: Int? = try await practice.app.database.read { db in
                try db.value("SELECT count(*) FROM medical_histories")
            }
            #expect(kept == 2)
        }
    }
}
