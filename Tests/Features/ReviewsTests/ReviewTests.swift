import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Reviews")
struct ReviewTests {
    @Test("a patient reviews a completed appointment, once", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let visit = try await desk.visit()
            let written = try await desk.review(
                visit, 4, #""comment":"  Took her time. ","doctorId":\#(desk.doctor.id)"#)
            #expect(written.status == 200)
            #expect(written["appointmentId"].int == visit)
            #expect(written["patientId"].int == Int(desk.patient.id))
            #expect(written["doctorId"].int == Int(desk.doctor.id))
            #expect(written["patientName"].string == "Asha Verma")
            #expect(written["doctorName"].string == "Meera Nair")
            #expect(written["rating"].int == 4)
            #expect(written["comment"].string == "Took her time.")
            #expect(written["anonymous"].bool == false)
            #expect(written["createdAt"].string == "2026-03-10T08:00:00")

            let again = try await desk.review(visit, 1)
            #expect(again.status == 409)
            #expect(again.problemCode == "FEEDBACK_EXISTS")
            #expect(try await desk.average() == 4)
        }
    }

    @Test(
        "only COMPLETED appointments can be reviewed",
        arguments: ["BOOKED", "SCHEDULED", "CONFIRMED", "IN_PROGRESS", "CANCELLED", "CANCELLED_BY_PATIENT", "NO_SHOW"])
    func notCompleted(_ status: String) async throws {
        try await withReviews(.sqlite) { desk in
            let refused = try await desk.review(try await desk.visit(status))
            #expect(refused.status == 409)
            #expect(refused.problemCode == "FEEDBACK_NOT_ALLOWED")
        }
    }

    @Test("somebody else's appointment, a deleted one and none are alike unknown", arguments: DatabaseKind.available)
    func foreign(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let other = try await desk.app.registerPatient()
            let foreign = try await desk.visit()
            let deleted = try await desk.visit(hoursAgo: 30)
            try await desk.app.database.write { [now = desk.app.time.now] db in
                _ = try db.run("UPDATE appointments SET deleted_at = \(now) WHERE id = \(deleted)")
            }
            for (visit, user) in [(foreign, other), (deleted, desk.patient), (987_654_321, desk.patient)] {
                let refused = try await desk.review(visit, as: user)
                #expect(refused.status == 404)
                #expect(refused.problemCode == "APPOINTMENT_NOT_FOUND")
            }
        }
    }

    @Test(
        "what is wrong with a review is named",
        arguments: [
            (#"{"appointmentId":1}"#, "rating"), (#"{"appointmentId":1,"rating":0}"#, "rating"),
            (#"{"appointmentId":1,"rating":6}"#, "rating"), (#"{"appointmentId":1,"rating":4.5}"#, "rating"),
            (#"{"rating":5}"#, "appointmentId"),
            (#"{"appointmentId":1,"rating":5,"comment":"\#(String(repeating: "é", count: 1_001))"}"#, "comment"),
            (#"{"appointmentId":1,"rating":5,"comment":"a\u0007b"}"#, "comment"),
        ])
    func badInput(_ body: String, _ field: String) async throws {
        try await withReviews(.sqlite) { desk in
            let refused = try await desk.app.send(.post, "/api/feedback", as: desk.patient, body: body)
            #expect(refused.status == 400)
            #expect(refused.fieldErrors == [field])
        }
    }

    @Test("a doctor who is named must be the appointment's")
    func otherDoctor() async throws {
        try await withReviews(.sqlite) { desk in
            let refused = try await desk.review(try await desk.visit(), 5, #""doctorId":\#(desk.patient.id)"#)
            #expect(refused.status == 400)
            #expect(refused.problemCode == "INVALID_ARGUMENT")
            #expect(refused.fieldErrors == ["doctorId"])
        }
    }

    @Test("a repeated request gets the same answer and adds nothing", arguments: DatabaseKind.available)
    func idempotent(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let visit = try await desk.visit()
            let first = try await desk.review(visit, 4, key: "once")
            let second = try await desk.review(visit, 4, key: "once")
            #expect(first.status == 200)
            #expect(second.status == 200)
            #expect(first.text == second.text)
            #expect(try await desk.review(visit, 5, key: "once").status == 422)
            #expect(try await desk.average() == 4)
        }
    }

    @Test("a change leaves alone what it does not mention", arguments: DatabaseKind.available)
    func partial(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let id = try await desk.reviewed(3, #""comment":"So so","anonymous":true"#)
            func change(_ body: String) async throws -> [String?] {
                let changed = try await desk.change(id, body)
                #expect(changed.status == 200, "\(changed.text)")
                return [
                    changed["rating"].int.map(String.init), changed["comment"].string,
                    changed["anonymous"].bool.map { "\($0)" },
                ]
            }
            #expect(try await change("{}") == ["3", "So so", "true"])
            #expect(try await change(#"{"rating":5}"#) == ["5", "So so", "true"])
            #expect(try await desk.average() == 5)
            #expect(try await change(#"{"comment":"Better"}"#) == ["5", "Better", "true"])
            #expect(try await change(#"{"anonymous":false,"rating":null}"#) == ["5", "Better", "false"])
            #expect(try await change(#"{"comment":" "}"#) == ["5", nil, "false"])
            #expect(try await change(#"{"comment":"Again"}"#) == ["5", "Again", "false"])
            #expect(try await change(#"{"comment":null}"#) == ["5", nil, "false"])
            #expect(try await desk.change(id, #"{"rating":9}"#).fieldErrors == ["rating"])
        }
    }

    @Test("a review is changed by its author only, and removed by the author or an administrator")
    func ownership() async throws {
        try await withReviews(.sqlite) { desk in
            let id = try await desk.reviewed()
            let (other, admin) = (try await desk.app.registerPatient(), try await desk.app.admin())
            for user in [other, desk.doctor, admin] {
                let refused = try await desk.change(id, #"{"rating":1}"#, as: user)
                #expect(refused.status == (user.role == .patient ? 404 : 403))
            }
            #expect(try await desk.app.delete("/api/feedback/\(id)", as: other).problemCode == "FEEDBACK_NOT_FOUND")
            #expect(try await desk.app.delete("/api/feedback/\(id)", as: desk.doctor).status == 403)
            #expect(try await desk.app.delete("/api/feedback/\(id)", as: admin).status == 200)
            #expect(try await desk.app.delete("/api/feedback/\(id)", as: admin).status == 404)
            let own = try await desk.reviewed(hoursAgo: 30)
            #expect(try await desk.app.delete("/api/feedback/\(own)", as: desk.patient)["message"].string != nil)
            #expect(try await desk.app.get("/api/feedback/\(own)", as: desk.patient).status == 404)
            #expect(try await desk.average() == 0)
        }
    }

    @Test("what waits for a review is listed, page by page, until it has one", arguments: DatabaseKind.available)
    func pending(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let visits = [
                try await desk.visit(hoursAgo: 90), try await desk.visit(hoursAgo: 60),
                try await desk.visit(hoursAgo: 30),
            ]
            _ = try await desk.visit("CANCELLED", hoursAgo: 20)
            _ = try await desk.visit(of: try await desk.app.registerPatient())
            func waiting(_ query: String = "") async throws -> [Int?] {
                let list = try await desk.app.get("/api/feedback/patient/pending\(query)", as: desk.patient)
                #expect(list.status == 200, "\(list.text)")
                return list.json.list.map { $0["appointmentId"].int }
            }
            #expect(try await waiting() == visits)
            let paged = try await desk.app.get("/api/feedback/patient/pending?page=1&size=2", as: desk.patient)
            #expect(paged.json.list.map { $0["appointmentId"].int } == [visits[2]])
            #expect(paged.header("X-Total-Count") == "3")
            #expect(paged["[0].doctorName"].string == "Meera Nair")
            #expect(paged["[0].status"].string == "COMPLETED")
            let written = try await desk.review(visits[1])
            #expect(try await waiting() == [visits[0], visits[2]])
            #expect(
                try await desk.app.delete("/api/feedback/\(written["id"].int ?? 0)", as: desk.patient).status == 200)
            #expect(try await waiting() == visits)
        }
    }

    @Test("every write leaves a line that names the patient", arguments: DatabaseKind.available)
    func audit(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let id = try await desk.reviewed()
            _ = try await desk.change(id, #"{"rating":1}"#)
            _ = try await desk.app.delete("/api/feedback/\(id)", as: desk.patient)
            for action in ["CREATE_PHI", "UPDATE_PHI", "DELETE_PHI"] {
                #expect(try await desk.audited(action) == ["\(id) \(desk.patient.id)"])
            }
        }
    }

    @Test("a comment is stored sealed, and goes with its author's key", arguments: DatabaseKind.available)
    func sealed(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let id = try await desk.reviewed(4, #""comment":"kumquat-canary""#)
            let stored: [UInt8]? = try await desk.app.database.read { db in
                try db.value("SELECT comment FROM reviews WHERE id = \(id)")
            }
            let bytes = try #require(stored)
            #expect(!String(decoding: bytes, as: UTF8.self).contains("kumquat"))
            try await desk.app.database.write { [patient = desk.patient.id, now = desk.app.time.now] db in
                _ = try db.run(
                    "UPDATE patient_keys SET wrapped = NULL, erased_at = \(now) WHERE patient_id = \(patient)")
            }
            try await desk.app.restarted([:]) { app in
                let list = try await app.get("/api/feedback/doctor/\(desk.doctor.id)", as: desk.doctor)
                #expect(list.status == 200)
                #expect(list["[0].rating"].int == 4)
                #expect(list["[0].comment"].isNull)
                #expect(list["[0].patientName"].string == "Erased patient")
            }
        }
    }

    @Test(
        "a changed comment is an integrity failure, and no log line has a word of any",
        arguments: DatabaseKind.available)
    func damaged(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let first = try await desk.reviewed(4, #""comment":"kumquat-canary""#)
            let second = try await desk.reviewed(4, #""comment":"kumquat-other""#, hoursAgo: 30)
            try await desk.app.database.write { db in
                _ = try db.run(
                    """
                    UPDATE reviews SET comment = (SELECT comment FROM reviews WHERE id = \(second)) WHERE id = \(first)
                    """)
            }
            let broken = try await desk.app.get("/api/feedback/\(first)", as: desk.patient)
            #expect(broken.status == 500)
            #expect(broken.problemCode == "DATA_INTEGRITY")
            #expect(desk.app.logs.text.contains("reviews.comment"))
            #expect(!desk.app.logs.text.contains("kumquat"))
        }
    }
}
