import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Identity

@Suite("Accounts")
struct AccountTests {
    @Test("the current user is shown with clinic times and an empty address", arguments: DatabaseKind.available)
    func currentUser(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("asha", role: .doctor)
            let reply = try await app.currentUser(tokens.accessToken)
            struct User: Decodable, Equatable {
                var id: Int64
                var username = "asha"
                var email = "asha@example.org"
                var firstName: String? = "Asha"
                var lastName: String? = "Rao"
                var phoneNumber: String? = "+91 1"
                var address: String? = ""
                var role = "DOCTOR"
                // 04:00 UTC is 09:30 in India.
                var createdAt = "2026-03-10T09:30:00"
                var updatedAt: String? = "2026-03-10T09:30:00"
                var isActive = true
                var lastLogin: String? = "2026-03-10T09:30:00"
            }
            let id = try #require(tokens.user.id)
            #expect(try reply.decode(User.self) == User(id: id))
        }
    }

    @Test("an administrator is summarised at sign-in and has no name", arguments: DatabaseKind.available)
    func admin(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let made = try await app.feature.createAdmin(username: "root", email: "root@example.org", password: nil)
            let password = try #require(made.generatedPassword)
            #expect(password.count == 16)
            let tokens = try await app.logIn("root", password).tokens
            #expect(tokens.role == "ADMIN")
            #expect(tokens.user == Tokens.User(id: nil, userId: made.id.rawValue, username: "root"))
            #expect(tokens.message?.contains("Change your password") == true)
            let reply = try await app.currentUser(tokens.accessToken)
            #expect(reply.text.contains(#""firstName":null"#))
            #expect(reply.text.contains(#""address":null"#))

            _ = try await app.post(
                "change-password",
                ["currentPassword": password, "newPassword": "a better one", "confirmPassword": "a better one"],
                token: tokens.accessToken)
            #expect(try await app.logIn("root", "a better one").tokens.message == "Login successful")
        }
    }

    @Test("an administrator's account obeys the rules of all accounts", arguments: DatabaseKind.available)
    func adminRules(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let made = try await app.feature.createAdmin(
                username: "root", email: "root@example.org", password: IdentityApp.password)
            #expect(made.generatedPassword == nil)
            #expect(try await app.logIn("root").tokens.message == "Login successful")
            for (name, email, password) in [
                ("ROOT", "b@example.org", IdentityApp.password), ("boss", "Root@example.org", IdentityApp.password),
                ("b", "b@example.org", IdentityApp.password), ("boss", "b", IdentityApp.password),
                ("boss", "b@example.org", "short"),
            ] {
                await #expect(throws: (any Error).self) {
                    try await app.feature.createAdmin(username: name, email: email, password: password)
                }
            }
            #expect(try await app.count("SELECT count(*) FROM users") == 1)
            #expect(try await app.auditTrail().contains("ADMIN_ACTION SUCCESS ADMIN_CREATED"))
        }
    }

    @Test("availability compares as registration does", arguments: DatabaseKind.available)
    func availability(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            let cases: [(query: String, username: Bool, email: Bool)] = [
                ("", true, true), ("?t=1", true, true), ("?username=&email=", true, true),
                ("?username=ravi&email=ravi@example.org", true, true), ("?username=ASHA", false, true),
                ("?email=ASHA%40Example.org", true, false), ("?username=a%20b&email=nobody", false, false),
                ("?username=ab", false, true), ("?username=\(String(repeating: "a", count: 12_000))", false, true),
                ("?email=%20asha@example.org%20", true, false),
            ]
            for (query, username, email) in cases {
                let reply = try await app.send(.get, "/api/auth/check-availability" + query)
                #expect(reply.status == 200)
                struct Response: Decodable, Equatable {
                    let usernameAvailable: Bool
                    let emailAvailable: Bool
                }
                let expected = Response(usernameAvailable: username, emailAvailable: email)
                #expect(try reply.decode(Response.self) == expected, "\(query.prefix(60))")
            }
            // The head of a request is bounded before anybody looks at the query.
            let endless = "?username=\(String(repeating: "a", count: 60_000))"
            #expect(try await app.send(.get, "/api/auth/check-availability" + endless).status == 431)
        }
    }

    @Test("the liveness probe works without the database", arguments: DatabaseKind.available)
    func probe(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            await app.database.close()
            let reply = try await app.send(.get, "/api/auth/check-availability?t=17")
            #expect(reply.status == 200)
        }
    }

    @Test("a new password ends the other sessions and keeps this one", arguments: DatabaseKind.available)
    func changePassword(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            try await app.feature.poller.poll()
            let other = try await app.register("asha")
            let mine = try await app.logIn("asha").tokens
            for tokens in [other, mine] { #expect(try await app.currentUser(tokens.accessToken).status == 200) }
            let reply = try await app.post(
                "change-password",
                [
                    "currentPassword": IdentityApp.password, "newPassword": "a better one",
                    "confirmPassword": "a better one",
                ], token: mine.accessToken)
            #expect(reply.status == 200)
            #expect(try await app.currentUser(mine.accessToken).status == 200)
            #expect(try await app.refresh(mine.refreshToken).status == 200)
            #expect(try await app.currentUser(other.accessToken).code == "SESSION_REVOKED")
            #expect(try await app.refresh(other.refreshToken).code == "REFRESH_INVALID")
            #expect(try await app.logIn("asha").code == "INVALID_CREDENTIALS")
            #expect(try await app.logIn("asha", "a better one").status == 200)
            #expect(try await app.auditTrail().contains("ACCOUNT_CHANGE SUCCESS PASSWORD_CHANGED"))
        }
    }

    static let refusals: [(current: String, new: String, confirm: String, code: String, field: String)] = [
        ("wrong", "a better one", "a better one", "CURRENT_PASSWORD_WRONG", "currentPassword"),
        (IdentityApp.password, "a better one", "a worse one", "PASSWORD_MISMATCH", "confirmPassword"),
        (IdentityApp.password, IdentityApp.password, IdentityApp.password, "PASSWORD_UNCHANGED", "newPassword"),
        (IdentityApp.password, "short", "short", "VALIDATION_FAILED", "newPassword"),
        (IdentityApp.password, "password123", "password123", "VALIDATION_FAILED", "newPassword"),
        (IdentityApp.password, "Long.Username", "Long.Username", "VALIDATION_FAILED", "newPassword"),
        (
            IdentityApp.password, "long.username@example.org", "long.username@example.org", "VALIDATION_FAILED",
            "newPassword"
        ),
        ("", "a better one", "a better one", "VALIDATION_FAILED", "currentPassword"),
    ]

    @Test("a change that breaks a rule is refused with 400 and changes nothing", arguments: DatabaseKind.available)
    func refusedChanges(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.register("long.username")
            for (current, new, confirm, code, field) in Self.refusals {
                let reply = try await app.post(
                    "change-password", ["currentPassword": current, "newPassword": new, "confirmPassword": confirm],
                    token: tokens.accessToken)
                #expect(reply.status == 400, "\(code)")
                #expect(reply.code == code)
                #expect(reply.fields == [field], "\(code)")
            }
            #expect(try await app.logIn("long.username").status == 200)
            #expect(try await app.post("change-password", [:]).status == 401)
        }
    }

    @Test("an account with a hash can be added for demo data and found again", arguments: DatabaseKind.available)
    func addAccount(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            var new = NewAccount(username: "Demo", email: "demo@example.org", passwordHash: "v2:x", role: .doctor)
            new.createdAt = Instant(seconds: 1_700_000_000)
            let form = ProfileForm(firstName: "Devi", lastName: "Nair")
            let account = try await app.database.write { [new] db in
                try app.feature.addAccount(new, form: form, db: db)
            }
            #expect(account.createdAt == new.createdAt)
            #expect(account.lastLoginAt == nil)
            #expect(app.forms.all == [form])
            let found = try await app.database.read { db in
                [try IdentityFeature.account(named: "dEMO", db: db), try IdentityFeature.account(account.id, db: db)]
            }
            #expect(found == [account, account])
            await #expect(throws: AccountError.usernameTaken) {
                try await app.database.write { [new] db in
                    _ = try app.feature.addAccount(new, form: form, db: db)
                }
            }
        }
    }
}
