import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Cryptography
@testable import Identity

@Suite("Registration")
struct RegistrationTests {
    @Test("a patient who registers is signed in at once", arguments: DatabaseKind.available)
    func patient(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let reply = try await app.post(
                "register",
                IdentityApp.form(
                    "Asha.Rao",
                    [
                        "dateOfBirth": "1990-02-28", "contactInfo": " +91 5550100 ", "gender": "Female",
                        "bloodGroup": "O+", "illnessDetails": "line one\nline two", "specialization": "ignored",
                        "email": " Asha@Example.ORG ",
                    ]))
            let tokens = try reply.tokens
            #expect(tokens.tokenType == "Bearer")
            #expect(tokens.username == "Asha.Rao")
            #expect(tokens.role == "PATIENT")
            #expect(tokens.message?.isEmpty == false)
            #expect(tokens.user.username == "Asha.Rao")

            var form = ProfileForm(firstName: "Asha", lastName: "Rao")
            form.dateOfBirth = LocalDate("1990-02-28")
            form.contactInfo = "+91 5550100"
            form.gender = "Female"
            form.bloodGroup = "O+"
            form.illnessDetails = "line one\nline two"
            #expect(app.forms.all == [form])
            #expect(try await app.currentUser(tokens.accessToken).status == 200)
            let email: String? = try await app.database.read { db in try db.value("SELECT email FROM users") }
            #expect(email == "Asha@Example.ORG")
            #expect(try await app.auditTrail() == ["ACCOUNT_CHANGE SUCCESS REGISTERED"])
        }
    }

    @Test("empty optional texts and a dialling code alone count as absent", arguments: DatabaseKind.available)
    func emptyTexts(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let reply = try await app.post(
                "register",
                IdentityApp.form(
                    "dev", role: .doctor,
                    ["dateOfBirth": "", "contactInfo": "+91 ", "gender": " ", "specialization": "", "bloodGroup": "A"]))
            #expect(reply.status == 200)
            #expect(app.forms.all == [ProfileForm(firstName: "Asha", lastName: "Rao")])
        }
    }

    @Test(
        "user names that differ in case only, and addresses that are written differently, are taken",
        arguments: DatabaseKind.available)
    func taken(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            let name = try await app.post("register", IdentityApp.form("ASHA", ["email": "other@example.org"]))
            #expect(name.status == 409)
            #expect(name.code == "USERNAME_TAKEN")
            #expect(name.fields == ["username"])
            let email = try await app.post("register", IdentityApp.form("other", ["email": "ＡSHA@example.org"]))
            #expect(email.status == 409)
            #expect(email.code == "EMAIL_TAKEN")
            #expect(try await app.count("SELECT count(*) FROM users") == 1)
            #expect(try await app.count("SELECT count(*) FROM sessions") == 1)
        }
    }

    @Test("of many registrations of one name at once exactly one succeeds", arguments: DatabaseKind.available)
    func race(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let codes = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let name = number.isMultiple(of: 2) ? "asha" : "ASHA"
                        let reply = try await app.post(
                            "register", IdentityApp.form(name, ["email": "a\(number)@example.org"]))
                        return reply.status == 200 ? "OK" : reply.code ?? "?"
                    }
                }
                return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(codes == ["OK": 1, "USERNAME_TAKEN": 19])
        }
    }

    @Test("a profile that cannot be made leaves no account behind", arguments: DatabaseKind.available)
    func atomic(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let reply = try await app.post("register", IdentityApp.form("asha", ["firstName": "Refused"]))
            #expect(reply.status == 500)
            #expect(reply.code == "INTERNAL")
            #expect(try await app.count("SELECT count(*) FROM users") == 0)
            #expect(try await app.count("SELECT count(*) FROM audit_log") == 0)
            _ = try await app.register("asha")
        }
    }

    @Test("nobody registers while addresses must be verified", arguments: DatabaseKind.available)
    func verification(kind: DatabaseKind) async throws {
        try await withIdentity(kind, settings: IdentitySettings(emailVerificationRequired: true)) { app in
            let reply = try await app.post("register", IdentityApp.form("asha"))
            #expect(reply.status == 400)
            #expect(reply.code == "EMAIL_NOT_VERIFIED")
        }
    }

    @Test(
        "a taken name, a taken address and an unverified one are refused before anything is hashed",
        arguments: DatabaseKind.available)
    func refusedBeforeHashing(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            let closed = try PasswordHasher(anyCost: 4, threads: 1, queueLimit: 1, random: .system)
            closed.close()
            func code(_ username: String, _ email: String, token: String? = nil) async throws -> String {
                let service = RegistrationService(
                    database: app.database, hasher: closed, accounts: app.feature.accounts,
                    sessions: app.feature.sessions, settings: app.settings,
                    zone: try #require(ClinicZone("Asia/Kolkata")))
                let new = Registration(
                    username: username, password: IdentityApp.password, email: try #require(EmailAddress(email)),
                    role: .patient, form: ProfileForm(firstName: "A", lastName: "B"), verificationToken: token)
                let origin = SignInOrigin(request: .system("test"))
                do {
                    _ = try await service.register(new, from: origin)
                    return "OK"
                } catch let error as any FailureCatalogue {
                    return error.problem.code
                } catch let problem as Problem {
                    return problem.code
                }
            }
            #expect(try await code("ASHA", "new@example.org") == "USERNAME_TAKEN")
            #expect(try await code("ravi", "ASHA@example.org") == "EMAIL_TAKEN")
            #expect(try await code("ravi", "ravi@example.org", token: "none") == "EMAIL_NOT_VERIFIED")
            // Control: what may be registered does reach the hasher.
            #expect(try await code("ravi", "ravi@example.org") == "UNAVAILABLE")
        }
    }

    @Test(
        "white space around a user name is not part of it, at registration and at sign-in",
        arguments: DatabaseKind.available)
    func blanks(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let tokens = try await app.post("register", IdentityApp.form("x", ["username": " meera.tour\n"])).tokens
            #expect(tokens.username == "meera.tour")
            let free = try await app.send(.get, "/api/auth/check-availability?username=%20meera.tour")
            #expect(free.text.contains("\"usernameAvailable\":false"))
            for name in [" meera.tour ", "\tmeera.tour", "meera.tour\u{A0}"] {
                #expect(try await app.logIn(name).status == 200)
            }
            #expect(try await app.remembered() == 0)
            let blank = try await app.logIn(" \t ")
            #expect(blank.status == 400)
            #expect(blank.fields == ["username"])
        }
    }

    @Test("a birth date may be today in the clinic's zone, not tomorrow", arguments: DatabaseKind.available)
    func birthDate(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            // 20:00 UTC on 10 March is 01:30 on 11 March in India.
            app.clock.advance(by: .hours(16))
            let tomorrow = try await app.post("register", IdentityApp.form("asha", ["dateOfBirth": "2026-03-12"]))
            #expect(tomorrow.status == 400)
            #expect(tomorrow.fields == ["dateOfBirth"])
            let today = try await app.post("register", IdentityApp.form("asha", ["dateOfBirth": "2026-03-11"]))
            #expect(today.status == 200)
        }
    }

    @Test(
        "of a birth date with a time, as browsers send it, the date counts",
        arguments: ["1990-02-28T00:00:00.000Z", "1990-02-28T23:59:59"])
    func birthDateWithTime(_ text: String) async throws {
        try await withIdentity(.sqlite) { app in
            let reply = try await app.post("register", IdentityApp.form("asha", ["dateOfBirth": text]))
            #expect(reply.status == 200)
            #expect(app.forms.all.first?.dateOfBirth == LocalDate("1990-02-28"))
        }
    }

    static let refused: [(field: String, value: String, role: Role)] = [
        ("username", "ab", .patient), ("username", String(repeating: "a", count: 51), .patient),
        ("username", "ash a", .patient), ("username", "ashä", .patient), ("username", "а́ша", .patient),
        ("username", "...", .patient), ("username", "-_.", .patient), ("username", "____", .patient),
        ("email", "a..b@x.org", .patient), ("email", ".a@x.org", .patient), ("email", "a.@x.org", .patient),
        ("email", "a@x.", .patient), ("email", "a@.x", .patient), ("email", "a@-x.org", .patient),
        ("email", "a@x-.org", .patient), ("email", "a@192.0.2.1", .patient), ("email", "a\u{200B}@x.org", .patient),
        ("email", "a@\(String(repeating: "b", count: 64)).org", .patient),
        ("firstName", "\u{2060}", .patient), ("firstName", "\u{3164}", .patient), ("lastName", "\u{AD}", .patient),
        ("lastName", "a\u{2028}b", .patient), ("lastName", "\u{E000}", .patient), ("gender", "\u{2066}x", .patient),
        ("illnessDetails", "a\u{1B}b", .patient), ("illnessDetails", "a\u{2028}b", .patient),
        ("illnessDetails", "\u{2060}", .patient),
        ("password", "short12", .patient), ("password", String(repeating: "p", count: 129), .patient),
        ("password", "Password123", .patient), ("password", "ASHA-RAO1", .patient),
        ("password", "asha-rao1@Example.org", .patient), ("password", "aaaaaaaaaa", .patient),
        ("email", "nobody", .patient), ("email", "a@b@c", .patient), ("email", "a b@example.org", .patient),
        ("email", "@example.org", .patient), ("email", "a@", .patient), ("email", "a@b..c", .patient),
        ("email", "a@\(String(repeating: "b", count: 99))", .patient), ("email", "a\u{202E}@b.org", .patient),
        ("email", "a@xn--wei-klinik-y6a.example", .patient), ("email", "a@mail.XN--mnchen-3ya.example", .patient),
        ("email", "a@\u{FF58}n--mnchen-3ya.example", .patient), ("email", "a@b\u{34F}c.org", .patient),
        ("email", "a\u{2800}@b.org", .patient), ("email", "a\u{3164}@b.org", .patient),
        ("email", "a@\u{301}b.org", .patient), ("email", "\(String(repeating: "é", count: 33))@b.org", .patient),
        ("role", "ADMIN", .patient), ("role", "patient", .patient), ("role", "", .patient),
        ("firstName", "", .patient), ("firstName", " \u{3000}", .patient),
        ("firstName", String(repeating: "x", count: 101), .patient),
        ("firstName", String(repeating: "x", count: 51), .doctor), ("lastName", "a\u{7}b", .patient),
        ("lastName", "a\nb", .patient), ("lastName", "a\u{202E}b", .patient),
        ("lastName", "e" + String(repeating: "\u{301}", count: 200), .patient),
        ("dateOfBirth", "1899-12-31", .patient), ("dateOfBirth", "2026-02-29", .patient),
        ("dateOfBirth", "28.02.1990", .patient), ("dateOfBirth", "9999-12-31", .patient),
        ("contactInfo", String(repeating: "1", count: 201), .patient),
        ("contactInfo", String(repeating: "1", count: 101), .doctor),
        ("illnessDetails", String(repeating: "x", count: 1001), .patient), ("illnessDetails", "a\u{0}b", .patient),
        ("gender", String(repeating: "x", count: 21), .patient),
        ("specialization", String(repeating: "x", count: 101), .doctor),
        ("bloodGroup", String(repeating: "x", count: 11), .patient),
    ]

    @Test("a value beyond its rule is refused by its name and nothing is written", arguments: DatabaseKind.available)
    func refusals(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for (field, value, role) in Self.refused {
                let reply = try await app.post(
                    "register", IdentityApp.form("asha-rao1", role: role, [field: value]))
                #expect(reply.status == 400, "\(field): \(value)")
                #expect(reply.fields == [field], "\(field): \(value)")
            }
            #expect(try await app.count("SELECT count(*) FROM users") == 0)
        }
    }

    @Test("values at the edge of their rules are accepted", arguments: DatabaseKind.available)
    func edges(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let patient = try await app.post(
                "register",
                IdentityApp.form(
                    "a-b",
                    [
                        "email": "a@b", "password": "8 letter", "firstName": String(repeating: "ß", count: 100),
                        "contactInfo": String(repeating: "1", count: 200), "dateOfBirth": "1900-01-01",
                    ]))
            #expect(patient.status == 200, "\(patient.text)")
            let doctor = try await app.post(
                "register",
                IdentityApp.form(
                    String(repeating: "z", count: 50), role: .doctor,
                    ["email": "ä.b+c@münchen.example", "password": String(repeating: "🩺x", count: 64)]))
            #expect(doctor.status == 200, "\(doctor.text)")
        }
    }
}
