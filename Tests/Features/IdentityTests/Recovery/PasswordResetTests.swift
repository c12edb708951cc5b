import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Password reset")
struct PasswordResetTests {
    private static let email = "asha.reset@example.org"
    private static let new = "Quiet-Lantern-77"

    private static func ask(_ app: TestApp, _ email: String = email, link: Bool = false) async throws -> TestResponse {
        try await app.post("/api/auth/forgot-password\(link ? "" : "-otp")", json: ["email": email])
    }

    private static func verify(_ app: TestApp, _ code: String) async throws -> TestResponse {
        try await app.post("/api/auth/verify-otp", json: ["email": email, "otp": code])
    }

    private static func reset(
        _ app: TestApp, _ code: String, to password: String = new, confirming: String? = nil
    ) async throws -> TestResponse {
        try await app.post(
            "/api/auth/reset-password-otp",
            json: ["email": email, "otp": code, "newPassword": password, "confirmPassword": confirming ?? password])
    }

    private static func logIn(_ app: TestApp, _ user: TestUser, _ password: String) async throws -> Int {
        try await app.post("/api/auth/login", json: ["username": user.username, "password": password]).status
    }

    /// The last mail to the account.
    private static func mail(_ app: TestApp) async throws -> SentMail {
        try #require(try await app.sentMails(to: email).last)
    }

    @Test("a mailed code sets a new password, ends every session and is told", arguments: DatabaseKind.available)
    func code(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient(["email": Self.email, "firstName": "Asha"])
            #expect(try await Self.ask(app).status == 200)
            let mail = try await Self.mail(app)
            #expect(mail.text.hasPrefix("Hello,"))
            let code = try #require(mail.code)
            #expect(try await Self.reset(app, code).problemCode == "OTP_NOT_VERIFIED")
            #expect(try await Self.verify(app, code).status == 200)
            #expect(try await Self.reset(app, code, confirming: "Other-Lantern-77").problemCode == "PASSWORD_MISMATCH")
            #expect(try await Self.reset(app, code, to: "password1").problemCode == "VALIDATION_FAILED")
            #expect(try await Self.reset(app, code, to: Self.email).problemCode == "VALIDATION_FAILED")
            #expect(try await Self.reset(app, code).status == 200)

            #expect(try await app.get("/api/auth/current-user", as: user).problemCode == "SESSION_REVOKED")
            let refresh = try await app.post("/api/auth/refresh", json: ["refreshToken": user.refreshToken])
            #expect(refresh.status == 401)
            #expect(try await Self.logIn(app, user, user.password) == 401)
            #expect(try await Self.logIn(app, user, Self.new) == 200)
            #expect(try await Self.reset(app, code).problemCode == "INVALID_OTP")
            #expect(try await Self.mail(app).subject == "Your CareSync password was reset")
        }
    }

    @Test("a new password voids what was mailed before, however it was set", arguments: [true, false])
    func withdrawn(byCode: Bool) async throws {
        try await withApp { app in
            let user = try await app.registerPatient(["email": Self.email])
            _ = try await Self.ask(app, link: true)
            let text = try await Self.mail(app).text
            let start = try #require(text.firstRange(of: "reset-password?token="))
            let token = String(text[start.upperBound...].prefix { $0.isHexDigit })
            _ = try await Self.ask(app)
            let code = try #require(try await Self.mail(app).code)
            #expect(try await Self.verify(app, code).status == 200)
            if byCode {
                #expect(try await Self.reset(app, code).status == 200)
            } else {
                let change = ["currentPassword": user.password, "newPassword": Self.new, "confirmPassword": Self.new]
                #expect(try await app.post("/api/auth/change-password", as: user, json: change).status == 200)
                #expect(try await Self.reset(app, code, to: "Other-Lantern-78").problemCode == "INVALID_OTP")
            }
            let link = ["token": token, "newPassword": "Other-Lantern-78", "confirmPassword": "Other-Lantern-78"]
            let refused = try await app.post("/api/auth/reset-password", json: link)
            #expect(refused.problemCode == "RESET_TOKEN_INVALID")
            #expect(try await Self.logIn(app, user, Self.new) == 200)
        }
    }

    @Test("a mailed link sets a new password once", arguments: DatabaseKind.available)
    func link(_ kind: DatabaseKind) async throws {
        let environment = ["CARESYNC_PUBLIC_URL": "https://clinic.example", "CARESYNC_LINK_TTL": "30"]
        try await withApp(kind, environment: environment) { app in
            let user = try await app.registerDoctor(["email": Self.email])
            func reset(_ token: String) async throws -> TestResponse {
                try await app.post(
                    "/api/auth/reset-password",
                    json: ["token": token, "newPassword": Self.new, "confirmPassword": Self.new])
            }
            func token() async throws -> String {
                _ = try await Self.ask(app, link: true)
                let text = try await Self.mail(app).text
                let start = try #require(text.firstRange(of: "https://clinic.example/reset-password?token="))
                return String(text[start.upperBound...].prefix { $0.isHexDigit })
            }
            let first = try await token()
            #expect(first.count == 64)
            app.time.advance(by: .minutes(1))
            let second = try await token()
            #expect(try await reset(first).problemCode == "RESET_TOKEN_INVALID")
            #expect(try await reset(second).status == 200)
            // It is not urgent and would leave behind the next link.
            #expect(try await Self.mail(app).subject == "Your CareSync password was reset")
            #expect(try await reset(second).problemCode == "RESET_TOKEN_INVALID")
            #expect(try await Self.logIn(app, user, Self.new) == 200)
            app.time.advance(by: .minutes(1))
            let third = try await token()
            app.time.advance(by: .minutes(30))
            #expect(try await reset(third).problemCode == "RESET_TOKEN_INVALID")
            #expect(try await reset("nonsense").problemCode == "RESET_TOKEN_INVALID")
        }
    }

    @Test("a link goes to the address that is stored, however it was asked for", arguments: DatabaseKind.available)
    func storedAddress(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let stored = "anna@weiß-klinik.example"
            _ = try await app.registerPatient(["email": stored])
            for (link, typed) in [
                (true, "anna@weiẞ-klinik.example"), (false, "anna@weiẞ-klinik.example"),
                (true, "ANNA@WEIẞ-KLINIK.EXAMPLE"),
            ] {
                _ = try await Self.ask(app, typed, link: link)
                #expect(try await app.sentMails().last?.to == stored)
                app.time.advance(by: .minutes(1))
            }
            #expect(try await app.sentMails().map(\.to) == [stored, stored, stored])
        }
    }

    @Test("a mail greets by name only where the address was verified: anybody may have typed the name")
    func greeting() async throws {
        try await withApp { app in
            let text = "You have won, see www.bad.example"
            _ = try await app.registerPatient(["email": Self.email, "firstName": text, "username": "www.bad.example"])
            for link in [true, false] { _ = try await Self.ask(app, link: link) }
            let strangers = try await app.sentMails(to: Self.email)
            #expect(strangers.count == 2)
            #expect(strangers.allSatisfy { $0.text.hasPrefix("Hello,") && !$0.raw.contains("bad.example") })

            let verified = "verified@example.org"
            _ = try await app.post("/api/auth/email-verification/start", json: ["email": verified])
            let code = try #require(try await app.sentMails(to: verified).last?.code)
            _ = try await app.post("/api/auth/email-verification/verify", json: ["email": verified, "otp": code])
            _ = try await app.registerPatient(["email": verified, "firstName": "Asha"])
            _ = try await Self.ask(app, verified)
            #expect(try await app.sentMails(to: verified).last?.text.hasPrefix("Hello Asha,") == true)
        }
    }

    @Test("no mail goes to an address without an active account", arguments: DatabaseKind.available)
    func nobody(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient(["email": Self.email])
            let known = try await Self.ask(app)
            let unknown = try await Self.ask(app, "nobody@example.org")
            #expect(known.text == unknown.text)
            #expect(try await app.sentMails().map(\.to) == [Self.email])

            _ = try await app.database.write { db in
                try db.run("UPDATE users SET is_active = FALSE WHERE id = \(user.id)")
            }
            app.time.advance(by: .minutes(1))
            #expect(try await Self.ask(app).text == known.text)
            #expect(try await app.sentMails().count == 1)
        }
    }

    @Test("a repetition within a minute is answered alike and sends nothing", arguments: DatabaseKind.available)
    func coolDown(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await app.registerPatient(["email": Self.email])
            let first = try await Self.ask(app)
            let second = try await Self.ask(app)
            #expect(first.status == 200)
            #expect(first.text == second.text)
            #expect(try await app.sentMails().count == 1)
        }
    }

    @Test(
        "a change of the password keeps the session it comes from, ends the others, and is told",
        arguments: DatabaseKind.available)
    func change(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let user = try await app.registerPatient(["email": Self.email])
            let other = try await app.signIn(user.username, user.password, role: .patient)
            let form = ["currentPassword": user.password, "newPassword": Self.new, "confirmPassword": Self.new]
            #expect(try await app.post("/api/auth/change-password", as: user, json: form).status == 200)
            #expect(try await app.get("/api/auth/current-user", as: user).status == 200)
            #expect(try await app.get("/api/auth/current-user", as: other).problemCode == "SESSION_REVOKED")
            #expect(try await Self.mail(app).subject == "Your CareSync password was changed")
            #expect(try await Self.mail(app).text.contains("10 March 2026, 08:00 (Asia/Kolkata)"))
        }
    }

    @Test("of many resets with one code, one takes effect", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await app.registerPatient(["email": Self.email])
            _ = try await Self.ask(app)
            let code = try #require(try await Self.mail(app).code)
            _ = try await Self.verify(app, code)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask { try await Self.reset(app, code, to: "Quiet-Lantern-\(number)").status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 400, count: 7))
        }
    }
}
