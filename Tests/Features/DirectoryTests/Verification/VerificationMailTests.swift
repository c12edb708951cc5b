import CareSyncCore
import CareSyncTesting
import Testing

@Suite("Mails about a doctor's verification")
struct VerificationMailTests {
    private static func set(_ isVerified: Bool, _ doctor: TestUser, by admin: TestUser, in app: TestApp) async throws {
        let path = "/api/admin/doctors/\(doctor.id)/verify?verify=\(isVerified)"
        #expect(try await app.put(path, as: admin, json: [String: String]()).status == 200)
    }

    @Test("the doctor is told of each change, and of nothing that is out of date", arguments: DatabaseKind.available)
    func told(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor(verified: false, ["firstName": "Meera"])
            let admin = try await app.admin()
            func subjects() async throws -> [String] {
                try await app.sentMails(to: "\(doctor.username)@example.org").map(\.subject)
            }
            try await Self.set(true, doctor, by: admin, in: app)
            // What is set already is no news.
            try await Self.set(true, doctor, by: admin, in: app)
            let verified = "The clinic has verified your CareSync account"
            #expect(try await subjects() == [verified])
            // Anybody may have typed the name with an address that nobody verified.
            #expect(try await app.sentMails().last?.text.hasPrefix("Hello,") == true)
            try await app.verifyEmail(of: doctor)

            app.time.advance(by: .seconds(1))
            try await Self.set(false, doctor, by: admin, in: app)
            #expect(try await subjects().last == "Your CareSync account is no longer verified")
            #expect(try await app.sentMails().last?.text.hasPrefix("Hello Meera,") == true)
            app.time.advance(by: .seconds(1))
            try await Self.set(true, doctor, by: admin, in: app)
            app.time.advance(by: .seconds(1))
            try await Self.set(false, doctor, by: admin, in: app)
            #expect(try await subjects().filter { $0 == verified }.count == 1)
        }
    }

    @Test("the audit log has what was before and after")
    func audited() async throws {
        try await withApp { app in
            let (doctor, admin) = (try await app.registerDoctor(verified: false), try await app.admin())
            for isVerified in [true, true, false] {
                try await Self.set(isVerified, doctor, by: admin, in: app)
                app.time.advance(by: .seconds(1))
            }
            let log = try await app.get("/api/admin/audit?entity=doctors", as: admin)
            let changes = log.json.list.filter { $0["after"].string != nil }
                .map { "\($0["before"].string ?? "-") \($0["after"].string ?? "-")" }
            #expect(changes == ["VERIFIED UNVERIFIED", "VERIFIED VERIFIED", "UNVERIFIED VERIFIED"])
        }
    }
}
