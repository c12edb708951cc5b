import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@Suite("E-mail verification")
struct EmailVerificationTests {
    private static let email = "meera@example.org"
    private static let required = ["CARESYNC_EMAIL_VERIFICATION": "required"]

    private static func start(_ app: TestApp, _ email: String = email) async throws -> TestResponse {
        try await app.post(
            "/api/auth/email-verification/start",
            json: ["name": "Meera Verma", "email": email, "mobileNumber": "+91 "])
    }

    private static func verify(_ app: TestApp, _ code: String) async throws -> TestResponse {
        try await app.post("/api/auth/email-verification/verify", json: ["email": email, "otp": code])
    }

    /// The code of the newest mail.
    private static func code(_ app: TestApp) async throws -> String {
        try #require(try await app.sentMails(to: email).last?.code)
    }

    private static func isVerified(_ app: TestApp) async throws -> Bool? {
        try await app.get("/api/auth/email-verification/status?email=\(email)")["verified"].bool
    }

    private static func register(
        _ app: TestApp, username: String = "meera", _ more: [String: String] = [:]
    ) async throws -> TestResponse {
        let form = [
            "username": username, "password": "Correct-Horse-42", "email": email, "role": "PATIENT",
            "firstName": "Meera", "lastName": "Verma",
        ]
        return try await app.post("/api/auth/register", json: form.merging(more) { _, given in given })
    }

    @Test(
        "where it is required, only a verified address can be registered, and once", arguments: DatabaseKind.available)
    func required(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: Self.required) { app in
            #expect(try await Self.register(app).problemCode == "EMAIL_NOT_VERIFIED")
            #expect(try await Self.start(app).status == 200)
            #expect(try await Self.isVerified(app) == false)
            let verified = try await Self.verify(app, try await Self.code(app))
            #expect(verified.status == 200)
            #expect(verified["verified"].bool == true)
            #expect(try await Self.isVerified(app) == true)
            #expect(try await Self.register(app).status == 200)
            // Consumed: the address counts as verified no longer.
            #expect(try await Self.isVerified(app) == false)
        }
    }

    @Test("a verification waits for half an hour", arguments: DatabaseKind.available)
    func lapses(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: Self.required) { app in
            _ = try await Self.start(app)
            _ = try await Self.verify(app, try await Self.code(app))
            app.time.advance(by: .minutes(30))
            #expect(try await Self.isVerified(app) == false)
            #expect(try await Self.register(app).problemCode == "EMAIL_NOT_VERIFIED")
        }
    }

    @Test("a registration that fails leaves the verification for the next one", arguments: DatabaseKind.available)
    func oneTransaction(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: Self.required) { app in
            let admin = try await app.admin()
            _ = try await Self.start(app)
            _ = try await Self.verify(app, try await Self.code(app))
            #expect(try await Self.register(app, username: admin.username).problemCode == "USERNAME_TAKEN")
            #expect(try await Self.isVerified(app) == true)
            #expect(try await Self.register(app).status == 200)
        }
    }

    @Test("a token ties the registration to the one who verified", arguments: DatabaseKind.available)
    func token(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await Self.start(app)
            let token = try #require(try await Self.verify(app, try await Self.code(app))["verificationToken"].string)
            let wrong = try await Self.register(app, ["verificationToken": String(token.reversed())])
            #expect(wrong.problemCode == "EMAIL_NOT_VERIFIED")
            #expect(try await Self.register(app, ["verificationToken": token]).status == 200)
        }
    }

    @Test(
        "a verification is good for the very mailbox that was written to, not for another one of its key",
        arguments: DatabaseKind.available,
        [("x@weiẞ-klinik.example", "x@weiß-klinik.example"), ("Meera@example.org", "meera@example.org")])
    func sameMailbox(_ kind: DatabaseKind, _ addresses: (verified: String, other: String)) async throws {
        try await withApp(kind, environment: Self.required) { app in
            func status(_ email: String) async throws -> Bool? {
                let encoded = email.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                return try await app.get("/api/auth/email-verification/status?email=\(encoded)")["verified"].bool
            }
            _ = try await Self.start(app, addresses.verified)
            let code = try #require(try await app.sentMails(to: addresses.verified).last?.code)
            // The address may be typed in any spelling; the code proves the mailbox it was sent to.
            let verify = ["email": addresses.other, "otp": code]
            #expect(try await app.post("/api/auth/email-verification/verify", json: verify).status == 200)
            #expect(try await status(addresses.other) == false)
            #expect(try await Self.register(app, ["email": addresses.other]).problemCode == "EMAIL_NOT_VERIFIED")
            #expect(try await status(addresses.verified) == true)
            #expect(try await Self.register(app, ["email": addresses.verified]).status == 200)
            #expect(
                try await Self.register(app, username: "other", ["email": addresses.other]).problemCode == "EMAIL_TAKEN"
            )
        }
    }

    @Test("a second code within a minute is refused with the time to wait", arguments: DatabaseKind.available)
    func coolDown(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await Self.start(app)
            app.time.advance(by: .seconds(20))
            let again = try await Self.start(app, Self.email.uppercased())
            #expect(again.status == 429)
            #expect(again.problemCode == "RATE_LIMITED")
            #expect(again.header("Retry-After") == "40")
            #expect(try await app.sentMails().count == 1)
        }
    }

    @Test("a wrong or voided code is a clear 400", arguments: DatabaseKind.available)
    func wrongCode(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await Self.start(app)
            let code = try await Self.code(app)
            for _ in 1...5 {
                let answer = try await Self.verify(app, code == "000000" ? "000001" : "000000")
                #expect(answer.status == 400)
                #expect(answer.problemCode == "INVALID_OTP")
            }
            #expect(try await Self.verify(app, code).problemCode == "INVALID_OTP")
            #expect(try await Self.verify(app, "12345").problemCode == "VALIDATION_FAILED")
            #expect(try await Self.verify(app, "１２３４５６").problemCode == "VALIDATION_FAILED")
        }
    }

    @Test("a code that is older than its mail's way is not sent", arguments: DatabaseKind.available)
    func lateMail(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await Self.start(app)
            app.time.advance(by: .minutes(10))
            #expect(try await app.sentMails().isEmpty)
            let error: String? = try await app.database.read { db in
                try db.value("SELECT error_code FROM mail_deliveries")
            }
            #expect(error == "EXPIRED")
        }
    }

    @Test("the mail greets nobody by a name a stranger has typed, and no table or log tells the code")
    func secrets() async throws {
        try await withApp { app in
            _ = try await Self.start(app)
            let mail = try #require(try await app.sentMails().first)
            #expect(!mail.raw.contains("Meera"))
            let code = try #require(mail.code)
            let texts: [String] = try await app.database.read { db in
                try db.values("SELECT key || payload FROM outbox")
                    + db.values("SELECT template || recipient || COALESCE(error_code, '') FROM mail_deliveries")
                    + db.values("SELECT action || entity || entity_id || COALESCE(reason, '') FROM audit_log")
            }
            #expect(texts.count >= 3)
            #expect(!texts.contains { $0.contains(code) })
            #expect(!app.logs.text.contains(code))
        }
    }

    @Test("without a way to send mail the answer says so")
    func noMail() async throws {
        try await withApp(environment: ["CARESYNC_MAIL_URL": "off"]) { app in
            let start = try await Self.start(app)
            #expect(start.status == 424)
            #expect(start.problemCode == "MAIL_UNAVAILABLE")
            for path in ["forgot-password", "forgot-password-otp"] {
                let answer = try await app.post("/api/auth/\(path)", json: ["email": Self.email])
                #expect(answer.problemCode == "MAIL_UNAVAILABLE")
            }
        }
    }
}
