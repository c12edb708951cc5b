import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Changing the e-mail address by the profile")
struct EmailChangeTests {
    private static let new = "meera.new@example.org"

    private static func path(_ user: TestUser) -> String {
        user.role == .doctor ? "/api/doctors/profile/\(user.username)" : "/api/patients/\(user.id)/profile"
    }

    private static func change(
        _ email: String = new, _ more: String = "", of user: TestUser, in app: TestApp
    ) async throws -> TestResponse {
        try await app.send(.put, path(user), as: user, body: #"{"email":"\#(email)","gender":"Female"\#(more)}"#)
    }

    /// The token of a verification.
    private static func verify(_ email: String = new, in app: TestApp) async throws -> String {
        _ = try await app.post("/api/auth/email-verification/start", json: ["email": email])
        let code = try #require(try await app.sentMails(to: email).last?.code)
        let verified = try await app.post(
            "/api/auth/email-verification/verify", json: ["email": email, "otp": code])
        return try #require(verified["verificationToken"].string)
    }

    private static func shown(_ user: TestUser, in app: TestApp) async throws -> TestResponse {
        try await app.get(user.role == .doctor ? path(user) : "/api/patients/\(user.id)", as: user)
    }

    private static func email(_ user: TestUser, in app: TestApp) async throws -> String? {
        try await app.get("/api/auth/current-user", as: user)["email"].string
    }

    private static func user(_ role: Role, in app: TestApp) async throws -> TestUser {
        role == .doctor ? try await app.registerDoctor() : try await app.registerPatient()
    }

    @Test(
        "another address is taken once it is verified, and the old one is told",
        arguments: [Role.doctor, .patient], DatabaseKind.available)
    func verified(_ role: Role, _ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await Self.user(role, in: app)
            let old = try #require(try await Self.email(user, in: app))
            let refused = try await Self.change(of: user, in: app)
            #expect(refused.status == 400)
            #expect(refused.problemCode == "EMAIL_NOT_VERIFIED")
            #expect(refused.fieldErrors == ["email"])
            #expect(try await Self.shown(user, in: app)["gender"].isNull)

            _ = try await Self.verify(in: app)
            let changed = try await Self.change(of: user, in: app)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed["email"].string == Self.new)
            #expect(changed["gender"].string == "Female")
            #expect(try await Self.email(user, in: app) == Self.new)
            let mails = try await app.sentMails(to: old)
            #expect(mails.last?.subject == "The e-mail address of your CareSync account was changed")
            #expect(mails.last?.raw.contains(Self.new) == false)
            // Used up: nobody else gets it by the same verification.
            let other = try await Self.user(role, in: app)
            #expect(try await Self.change(of: other, in: app).problemCode == "EMAIL_TAKEN")
        }
    }

    @Test("the address the account has changes nothing, however its host is written")
    func unchanged() async throws {
        try await withApp { app in
            let user = try await app.registerDoctor(["email": "Meera@example.org"])
            for email in ["Meera@example.org", "Meera@EXAMPLE.org", " Meera@example.org ", ""] {
                #expect(try await Self.change(email, of: user, in: app).status == 200, "\(email)")
            }
            #expect(try await Self.email(user, in: app) == "Meera@example.org")
            #expect(try await Self.change("meera@example.org", of: user, in: app).status == 200)
            #expect(try await Self.email(user, in: app) == "Meera@example.org")
        }
    }

    @Test("an address of somebody else is refused, verified or not", arguments: DatabaseKind.available)
    func taken(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient()
            _ = try await app.registerDoctor(["email": Self.new])
            let answer = try await Self.change(Self.new.uppercased(), of: user, in: app)
            #expect(answer.status == 409)
            #expect(answer.problemCode == "EMAIL_TAKEN")
            _ = try await Self.verify(in: app)
            #expect(try await Self.change(of: user, in: app).problemCode == "EMAIL_TAKEN")
            #expect(try await Self.shown(user, in: app)["gender"].isNull)
        }
    }

    @Test("of two who want one verified address at the same time, one gets it", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let users = [try await app.registerPatient(), try await app.registerDoctor()]
            _ = try await Self.verify(in: app)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for user in users { group.addTask { try await Self.change(of: user, in: app).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }.sorted()
            }
            #expect(statuses[0] == 200)
            #expect([400, 409].contains(statuses[1]))
            let owners: Int? = try await app.database.read { db in
                try db.value("SELECT count(*) FROM users WHERE email = \(Self.new)")
            }
            #expect(owners == 1)
        }
    }

    @Test("with a token only that verification counts")
    func token() async throws {
        try await withApp { app in
            let user = try await app.registerPatient()
            let token = try await Self.verify(in: app)
            let wrong = try await Self.change(Self.new, #","verificationToken":"\#(token)0""#, of: user, in: app)
            #expect(wrong.problemCode == "EMAIL_NOT_VERIFIED")
            let right = try await Self.change(Self.new, #","verificationToken":"\#(token)""#, of: user, in: app)
            #expect(right.status == 200)
        }
    }

    @Test("it needs a proof of the last five minutes; other changes do not", arguments: DatabaseKind.available)
    func stepUp(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient()
            app.time.advance(by: .minutes(6))
            _ = try await Self.verify(in: app)
            let refused = try await Self.change(of: user, in: app)
            #expect(refused.status == 403)
            #expect(refused.problemCode == "STEP_UP_REQUIRED")
            #expect(try await app.send(.put, Self.path(user), as: user, body: #"{"gender":"Male"}"#).status == 200)
            let proved = try await app.post("/api/auth/step-up", as: user, json: ["password": user.password])
            #expect(proved.status == 200)
            #expect(try await Self.change(of: user, in: app).status == 200)
        }
    }

    @Test("a new password cannot be set by the old address any more", arguments: DatabaseKind.available)
    func resets(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient(["email": "meera.old@example.org"])
            _ = try await app.post("/api/auth/forgot-password-otp", json: ["email": "meera.old@example.org"])
            let code = try #require(try await app.sentMails(to: "meera.old@example.org").last?.code)
            _ = try await Self.verify(in: app)
            #expect(try await Self.change(of: user, in: app).status == 200)
            let reset = try await app.post(
                "/api/auth/verify-otp", json: ["email": "meera.old@example.org", "otp": code])
            #expect(reset.status == 400)
        }
    }
}
