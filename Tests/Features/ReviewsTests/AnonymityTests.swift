import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Anonymous reviews")
struct AnonymityTests {
    private static let secrets = ["Quillfeather", "Zumbrota"]

    private static func withAuthor(
        _ kind: DatabaseKind, _ body: @escaping @Sendable (ReviewDesk) async throws -> Void
    ) async throws {
        try await withReviews(kind) { desk in
            let author = try await desk.app.registerPatient(["firstName": secrets[0], "lastName": secrets[1]])
            try await body(ReviewDesk(app: desk.app, doctor: desk.doctor, patient: author))
        }
    }

    @Test("its doctor and other patients learn neither who wrote it nor when", arguments: DatabaseKind.available)
    func hidden(_ kind: DatabaseKind) async throws {
        try await Self.withAuthor(kind) { desk in
            let visit = try await desk.visit()
            let written = try await desk.review(visit, 2, #""comment":"In a hurry","anonymous":true"#)
            let id = try #require(written["id"].int)
            #expect(written["patientId"].int == Int(desk.patient.id))
            #expect(written["createdAt"].string == "2026-03-10T08:00:00")

            let byNumber = try await desk.app.get("/api/feedback/\(id)", as: desk.doctor)
            let list = "/api/feedback/doctor/\(desk.doctor.id)"
            let ofDoctor = try await desk.app.get(list, as: desk.doctor)
            let ofOther = try await desk.app.get(list, as: try await desk.app.registerPatient())
            for (answer, review) in [
                (byNumber, byNumber.json), (ofDoctor, ofDoctor["[0]"]), (ofOther, ofOther["[0]"]),
            ] {
                #expect(answer.status == 200)
                for secret in Self.secrets { #expect(!answer.text.contains(secret)) }
                #expect(review["patientId"].isNull && review["appointmentId"].isNull)
                #expect(review["patientName"].string == "Anonymous")
                #expect(review["createdAt"].string == "2026-03-10")
                #expect(review["comment"].string == "In a hurry")
                #expect(review["rating"].int == 2)
            }
        }
    }

    @Test(
        "by its appointment it is unknown to its doctor, like one that does not exist",
        arguments: DatabaseKind.available)
    func byAppointment(_ kind: DatabaseKind) async throws {
        try await Self.withAuthor(kind) { desk in
            let visit = try await desk.visit()
            let path = "/api/feedback/appointment/\(visit)"
            let before = try await desk.app.get(path, as: desk.doctor)
            let written = try await desk.review(visit, 2, #""anonymous":true"#)
            let after = try await desk.app.get(path, as: desk.doctor)
            #expect(before.status == 404)
            #expect(after.status == 404)
            #expect(before.problemCode == after.problemCode)
            #expect(before["message"] == after["message"])
            #expect(try await desk.app.get(path, as: desk.patient)["patientId"].int == Int(desk.patient.id))

            #expect(try await desk.change(written["id"].int ?? 0, #"{"anonymous":false}"#).status == 200)
            let named = try await desk.app.get(path, as: desk.doctor)
            #expect(named.status == 200)
            #expect(named["patientName"].string == "Quillfeather Zumbrota")
            #expect(try await desk.app.get(path, as: try await desk.app.registerDoctor()).status == 404)
            #expect(try await desk.app.get(path, as: try await desk.app.registerPatient()).status == 404)
        }
    }

    @Test("an administrator sees the author, and the log names the author for it", arguments: DatabaseKind.available)
    func administrator(_ kind: DatabaseKind) async throws {
        try await Self.withAuthor(kind) { desk in
            let visit = try await desk.visit()
            let id = try #require(try await desk.review(visit, 2, #""anonymous":true"#)["id"].int)
            let admin = try await desk.app.admin()
            let paths = [
                "/api/feedback/\(id)", "/api/feedback/appointment/\(visit)",
                "/api/feedback/patient/\(desk.patient.id)", "/api/feedback/doctor/\(desk.doctor.id)",
            ]
            for path in paths {
                let seen = try await desk.app.get(path, as: admin)
                #expect(seen.status == 200)
                #expect(seen.text.contains("Quillfeather Zumbrota"))
                desk.app.time.advance(by: .seconds(1))
            }
            let patient = desk.patient.id
            #expect(
                try await desk.audited("READ_PHI")
                    == ["\(id) \(patient)", "\(id) \(patient)", " \(patient)", " \(patient)"])
            // Nobody else's look is an access.
            _ = try await desk.app.get(paths[3], as: desk.doctor)
            #expect(try await desk.audited("READ_PHI").count == 4)
        }
    }

    @Test(
        "neither number nor place in the list tells when on its day it was written", arguments: DatabaseKind.available)
    func order(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            var written: [Int] = []
            for hours in 24..<36 {
                written.append(try await desk.reviewed(4, #""anonymous":true"#, hoursAgo: hours))
                desk.app.time.advance(by: .minutes(1))
            }
            // Of twelve random numbers, one order in 479 million is this one.
            #expect(written != written.sorted())
            let list = try await desk.app.get("/api/feedback/doctor/\(desk.doctor.id)", as: desk.doctor)
            #expect(list.json.list.compactMap { $0["id"].int } == written.sorted(by: >))
        }
    }

    @Test("lists: the newest first, page by page; a patient's only for that patient and administrators")
    func lists() async throws {
        try await withReviews(.sqlite) { desk in
            let old = try await desk.reviewed(1, hoursAgo: 60)
            desk.app.time.advance(by: .hours(20))
            let patient = try await desk.app.signIn(desk.patient.username, desk.patient.password, role: .patient)
            let new = try await ReviewDesk(app: desk.app, doctor: desk.doctor, patient: patient).reviewed(5)
            for owner in ["doctor/\(desk.doctor.id)", "patient/\(patient.id)"] {
                let list = try await desk.app.get("/api/feedback/\(owner)", as: patient)
                #expect(list.json.list.compactMap { $0["id"].int } == [new, old])
                let page = try await desk.app.get("/api/feedback/\(owner)?page=1&size=1", as: patient)
                #expect(page.json.list.compactMap { $0["id"].int } == [old])
                #expect(page.header("X-Total-Count") == "2")
            }
            let other = try await desk.app.registerPatient()
            let admin = try await desk.app.admin()
            #expect(try await desk.app.get("/api/feedback/patient/\(patient.id)", as: other).status == 403)
            #expect(try await desk.app.get("/api/feedback/patient/987654321", as: other).status == 403)
            #expect(try await desk.app.get("/api/feedback/patient/987654321", as: admin).status == 404)
            #expect(
                try await desk.app.get("/api/feedback/doctor/987654321", as: patient).problemCode == "DOCTOR_NOT_FOUND")
            #expect(try await desk.app.get("/api/feedback/\(new)", as: other).problemCode == "FEEDBACK_NOT_FOUND")
            let stranger = try await desk.app.registerDoctor()
            #expect(try await desk.app.get("/api/feedback/\(new)", as: stranger).status == 404)
        }
    }
}
