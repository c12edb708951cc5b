import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Second factor by mail")
struct EmailFactorTests {
    private static func code(to user: TestUser, in app: TestApp) async throws -> String {
        let mails = try await app.sentMails(to: "\(user.username)@example.org").filter { $0.code != nil }
        return try #require(mails.last?.code)
    }

    /// A patient whose factor is their mail.
    private static func enrolled(_ app: TestApp) async throws -> (patient: TestUser, recoveryCodes: [String]) {
        let patient = try await app.registerPatient()
        let enrolment = try await app.post("/api/auth/second-factor/enroll", as: patient, json: ["method": "EMAIL"])
        #expect(enrolment.status == 200)
        #expect(enrolment["secret"].isNull && enrolment["qrSvg"].isNull)
        let confirmed = try await app.post(
            "/api/auth/second-factor/confirm", as: patient, json: ["code": try await code(to: patient, in: app)])
        #expect(confirmed.status == 200)
        return (patient, confirmed["recoveryCodes"].list.compactMap(\.string))
    }

    private static func logIn(_ user: TestUser, in app: TestApp) async throws -> TestResponse {
        try await app.post("/api/auth/login", json: ["username": user.username, "password": user.password])
    }

    private static func verify(_ challenge: TestResponse, _ code: String, in app: TestApp) async throws -> TestResponse
    {
        let token = try #require(challenge["challengeToken"].string)
        return try await app.post("/api/auth/second-factor/verify", json: ["challengeToken": token, "code": code])
    }

    @Test("a sign-in sends a code, which opens one session", arguments: DatabaseKind.available)
    func signIn(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, recoveryCodes) = try await Self.enrolled(app)
            let first = try await Self.code(to: patient, in: app)
            app.time.advance(by: .minutes(2))
            let challenge = try await Self.logIn(patient, in: app)
            #expect(challenge.problemCode == "SECOND_FACTOR_REQUIRED")
            #expect(challenge["methods"].list.compactMap(\.string) == ["EMAIL", "RECOVERY_CODE"])
            #expect(challenge["codeSent"].bool == true)
            let code = try await Self.code(to: patient, in: app)
            if code != first { #expect(try await Self.verify(challenge, first, in: app).status == 401) }
            #expect(try await Self.verify(challenge, code, in: app).status == 200)

            let again = try await Self.logIn(patient, in: app)
            #expect(again["codeSent"].bool == false)
            #expect(try await Self.verify(again, code, in: app).status == 401)
            #expect(try await Self.verify(again, recoveryCodes[0], in: app).status == 200)
        }
    }

    @Test("a wrong password sends no code")
    func wrongPassword() async throws {
        try await withApp { app in
            let (patient, _) = try await Self.enrolled(app)
            app.time.advance(by: .minutes(2))
            let before = try await app.sentMails().count
            let answer = try await app.post(
                "/api/auth/login", json: ["username": patient.username, "password": "wrong"])
            #expect(answer.problemCode == "INVALID_CREDENTIALS")
            #expect(try await app.sentMails().count == before)
        }
    }

    @Test("stepping up without a code sends one")
    func stepUp() async throws {
        try await withApp { app in
            let (patient, _) = try await Self.enrolled(app)
            app.time.advance(by: .minutes(6))
            let path = "/api/auth/step-up"
            let asked = try await app.post(path, as: patient, json: [String: String]())
            #expect(asked.problemCode == "CODE_REQUIRED")
            let code = try await Self.code(to: patient, in: app)
            #expect(try await app.post(path, as: patient, json: ["code": code]).status == 200)
            #expect(try await app.post(path, as: patient, json: ["code": code]).problemCode == "INVALID_OTP")
            let codes = try await app.post(
                "/api/auth/second-factor/recovery-codes", as: patient, json: [String: String]())
            #expect(codes.status == 200)
            #expect(try await app.delete("/api/auth/second-factor", as: patient).status == 200)
            let subjects = try await app.sentMails(to: "\(patient.username)@example.org").map(\.subject)
            #expect(subjects.contains { $0.contains("was set up") })
            #expect(subjects.contains { $0.contains("New recovery codes") })
            #expect(subjects.contains { $0.contains("was switched off") })
        }
    }

    @Test("a second enrolment within a minute is told to wait")
    func coolDown() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            let path = "/api/auth/second-factor/enroll"
            #expect(try await app.post(path, as: patient, json: ["method": "EMAIL"]).status == 200)
            let second = try await app.post(path, as: patient, json: ["method": "EMAIL"])
            #expect(second.status == 429)
            #expect(second.header("Retry-After") == "60")
        }
    }

    @Test("the patient gets a mail about a broken glass, without the reason", arguments: DatabaseKind.available)
    func breakGlass(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient(["firstName": "Kiran"])
            let doctor = try await app.registerDoctor(["firstName": "Meera", "lastName": "Nair"])
            try await app.verifyEmail(of: patient)
            let opened = try await app.send(
                .post, "/api/break-glass", as: doctor,
                body: #"{"patientId":\#(patient.id),"reason":"Unconscious, known epilepsy"}"#)
            #expect(opened.status == 200)
            let mail = try #require(try await app.sentMails(to: "\(patient.username)@example.org").last)
            #expect(mail.text.contains("Hello Kiran,"))
            #expect(mail.text.contains("Dr. Meera Nair has opened your CareSync record"))
            #expect(mail.text.contains("Tuesday, 10 March 2026, 08:00 (Asia/Kolkata)"))
            #expect(!mail.raw.contains("epilepsy"))
        }
    }
}
