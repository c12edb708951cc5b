import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Break-glass")
struct BreakGlassTests {
    private static let reason = "Unconscious after a fall, allergies unknown"

    private static func open(
        _ patient: TestUser, as user: TestUser, reason: String = reason, in app: TestApp
    ) async throws -> TestResponse {
        try await app.send(
            .post, "/api/break-glass", as: user, body: #"{"patientId":\#(patient.id),"reason":"\#(reason)"}"#)
    }

    private static func close(_ id: Int, as admin: TestUser, in app: TestApp) async throws -> TestResponse {
        try await app.send(.post, "/api/break-glass/\(id)/close", as: admin, body: "{}")
    }

    @Test(
        "the patient is told at once, with role and reason; the audit log holds no word of it",
        arguments: DatabaseKind.available)
    func told(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let doctor = try await app.registerDoctor(["firstName": "Meera", "lastName": "Nair"])
            let opened = try await Self.open(patient, as: doctor, in: app)
            #expect(opened.status == 200)
            #expect(opened["status"].string == "OPEN")
            #expect(opened["endsAt"].string == "2026-03-10T03:30:00Z")
            let id = try #require(opened["id"].int)

            let log = try await app.get("/api/patients/\(patient.id)/access-log", as: patient)
            let line = log["[0]"]
            #expect(line["action"].string == "BREAK_GLASS")
            #expect(line["actorName"].string == "Meera Nair")
            #expect(line["actorRole"].string == "DOCTOR")
            #expect(line["reason"].string == "OPENED")
            #expect(line["statement"].string == Self.reason)

            let (messages, audited, sealed) = try await app.database.read { db in
                let messages: [String] = try db.values(
                    "SELECT key FROM outbox WHERE kind = 'mail.send' AND key LIKE 'break-glass-opened %'")
                var audited: [String] = []
                try db.query("SELECT entity_id, reason FROM audit_log WHERE action = 'BREAK_GLASS'") {
                    audited.append("\(try $0.value("entity_id") as String) \(try $0.value("reason") as String)")
                }
                let sealed: [UInt8]? = try db.value("SELECT reason FROM break_glass_grants WHERE id = \(id)")
                return (messages, audited, sealed ?? [])
            }
            #expect(messages == ["break-glass-opened break-glass/\(id)"])
            #expect(audited == ["\(id) OPENED"])
            #expect(!sealed.isEmpty)
            #expect(!String(decoding: sealed, as: UTF8.self).contains("allergies"))
        }
    }

    @Test("one is open at a time, however many ask at once; another after an hour", arguments: DatabaseKind.available)
    func one(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, doctor) = (try await app.registerPatient(), try await app.registerDoctor())
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<6 { group.addTask { try await Self.open(patient, as: doctor, in: app) } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            #expect(answers.map(\.status).sorted() == [200, 409, 409, 409, 409, 409])
            let first = try #require(answers.first { $0.status == 200 }?["id"].int)
            let refused = try #require(answers.first { $0.status == 409 })
            #expect(refused.problemCode == "BREAK_GLASS_OPEN")
            #expect(refused["id"].int == first)
            #expect(refused["endsAt"].string == "2026-03-10T03:30:00Z")
            #expect(try await Self.open(try await app.registerPatient(), as: doctor, in: app).status == 200)

            app.time.advance(by: .minutes(60))
            let again = try await app.signIn(doctor.username, doctor.password, role: .doctor)
            #expect(try await Self.open(patient, as: again, in: app).status == 200)
        }
    }

    @Test("only verified doctors and administrators, for a patient there is, with a reason")
    func refused() async throws {
        try await withApp { app in
            let (patient, doctor) = (try await app.registerPatient(), try await app.registerDoctor())
            let unverified = try await app.registerDoctor(verified: false)
            #expect(try await Self.open(patient, as: unverified, in: app).problemCode == "DOCTOR_NOT_VERIFIED")
            #expect(try await Self.open(patient, as: patient, in: app).problemCode == "ACCESS_DENIED")
            #expect(try await Self.open(doctor, as: doctor, in: app).problemCode == "PATIENT_NOT_FOUND")
            for reason in [
                "", "too short", "          ", String(repeating: "x", count: 501), #"a\u202Eb, unconscious"#,
                #"a\u0001b, unconscious"#,
            ] {
                let answer = try await Self.open(patient, as: doctor, reason: reason, in: app)
                #expect(answer.status == 400)
                #expect(answer.fieldErrors == ["reason"])
            }
            #expect(try await Self.open(patient, as: try await app.admin(), in: app).status == 200)
        }
    }

    @Test("it takes a proof of the last five minutes")
    func stepUp() async throws {
        try await withApp { app in
            let (patient, doctor) = (try await app.registerPatient(), try await app.registerDoctor())
            app.time.advance(by: .minutes(6))
            #expect(try await Self.open(patient, as: doctor, in: app).problemCode == "STEP_UP_REQUIRED")
            let proof = try await app.post("/api/auth/step-up", as: doctor, json: ["password": doctor.password])
            #expect(proof.status == 200)
            #expect(try await Self.open(patient, as: doctor, in: app).status == 200)
        }
    }

    @Test("a doctor with a second factor gives it; the password is not enough", arguments: DatabaseKind.available)
    func factor(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, doctor) = (try await app.registerPatient(), try await app.registerDoctor())
            func stepUp(_ proof: [String: String]) async throws -> TestResponse {
                try await app.post("/api/auth/step-up", as: doctor, json: proof)
            }
            func mailedCode() async throws -> String {
                try #require(try await app.sentMails(to: "\(doctor.username)@example.org").compactMap(\.code).last)
            }
            let enrolled = try await app.post(
                "/api/auth/second-factor/enroll", as: doctor, json: ["method": "EMAIL"])
            #expect(enrolled.status == 200)
            let confirmed = try await app.post(
                "/api/auth/second-factor/confirm", as: doctor, json: ["code": try await mailedCode()])
            #expect(confirmed.status == 200)

            app.time.advance(by: .minutes(6))
            #expect(try await stepUp(["password": doctor.password]).status == 200)
            let refused = try await Self.open(patient, as: doctor, in: app)
            #expect(refused.status == 403)
            #expect(refused.problemCode == "STEP_UP_REQUIRED")
            #expect(try await stepUp([:]).problemCode == "CODE_REQUIRED")
            #expect(try await stepUp(["code": try await mailedCode()]).status == 200)
            #expect(try await Self.open(patient, as: doctor, in: app).status == 200)
        }
    }

    @Test("with it a doctor sees what the relation would show, for an hour, and every access says why")
    func effect() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient(["illnessDetails": "Penicillin allergy"])
            let doctor = try await app.registerDoctor()
            let booked = try await app.send(
                .post, "/api/appointments/patient/book", as: patient,
                body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
            let appointment = try #require(booked["appointmentId"].int)
            _ = try await app.delete("/api/appointments/patient/\(appointment)", as: patient)
            let path = "/api/appointments/doctor/my-patients"
            #expect(try await app.get(path, as: doctor)["[0].patientIllnessDetails"].isNull)

            let opened = try await Self.open(patient, as: doctor, in: app)
            let grant = try #require(opened["id"].int)
            #expect(try await app.get(path, as: doctor)["[0].patientIllnessDetails"].string == "Penicillin allergy")
            app.time.advance(by: .minutes(1))
            _ = try await app.get(path, as: doctor)
            let log = try await app.get("/api/patients/\(patient.id)/access-log", as: patient)
            #expect(log["[0].reason"].string == "BREAK_GLASS \(grant)")

            app.time.advance(by: .minutes(59))
            let later = try await app.signIn(doctor.username, doctor.password, role: .doctor)
            let after = try await app.get(path, as: later)
            #expect(after["[0].appointmentId"].int == appointment)
            #expect(after["[0].patientIllnessDetails"].isNull)
        }
    }

    @Test("an administrator reviews what others opened, which also ends it", arguments: DatabaseKind.available)
    func review(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, doctor, admin) = (
                try await app.registerPatient(), try await app.registerDoctor(), try await app.admin()
            )
            let id = try #require(try await Self.open(patient, as: doctor, in: app)["id"].int)
            let open = try await app.get("/api/break-glass?status=OPEN&page=0&size=5", as: admin)
            #expect(open.header("X-Total-Count") == "1")
            #expect(open["[0].id"].int == id)
            #expect(open["[0].reason"].string == Self.reason)
            #expect(open["[0].username"].string == doctor.username)

            let closed = try await Self.close(id, as: admin, in: app)
            #expect(closed["status"].string == "REVIEWED")
            #expect(closed["reviewedBy"].string == admin.username)
            #expect(closed["selfReviewed"].bool == false)
            #expect(closed["closedAt"].string == "2026-03-10T02:30:00Z")
            #expect(try await Self.close(id, as: admin, in: app).problemCode == "BREAK_GLASS_REVIEWED")
            #expect(try await Self.close(id + 999, as: admin, in: app).problemCode == "BREAK_GLASS_NOT_FOUND")
            #expect(try await Self.open(patient, as: doctor, in: app).status == 200)
            for (query, count) in [
                ("status=OPEN", 1), ("status=REVIEWED", 1), ("status=ENDED", 0), ("userId=\(doctor.id)", 2),
                ("patientId=\(doctor.id)", 0), ("", 2),
            ] {
                #expect(try await app.get("/api/break-glass?\(query)", as: admin).json.list.count == count, "\(query)")
            }
            #expect(try await app.get("/api/break-glass?status=SHUT", as: admin).fieldErrors == ["status"])
        }
    }

    @Test("their own one administrators end at once, and review after a day, flagged")
    func selfReview() async throws {
        try await withApp { app in
            let (patient, admin) = (try await app.registerPatient(), try await app.admin())
            let id = try #require(try await Self.open(patient, as: admin, in: app)["id"].int)
            let ended = try await Self.close(id, as: admin, in: app)
            #expect(ended["status"].string == "ENDED")
            #expect(ended["reviewedAt"].isNull)
            #expect(try await Self.close(id, as: admin, in: app).problemCode == "OWN_BREAK_GLASS")
            app.time.advance(by: .hours(24))
            let again = try await app.signIn(admin.username, admin.password, role: .admin)
            let reviewed = try await Self.close(id, as: again, in: app)
            #expect(reviewed["status"].string == "REVIEWED")
            #expect(reviewed["selfReviewed"].bool == true)
            #expect(reviewed["closedAt"] == ended["closedAt"])
        }
    }
}
