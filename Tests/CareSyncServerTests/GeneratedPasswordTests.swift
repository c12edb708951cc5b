import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Testing
import WebAPI

/// Accounts with a generated password.
@Suite("Generated passwords")
struct GeneratedPasswordTests {
    private static let open: Set = ["GET /api/auth/current-user", "POST /api/auth/change-password"]

    private static func change(_ admin: TestUser, to password: String, in app: TestApp) async throws -> TestResponse {
        try await app.post(
            "/api/auth/change-password", as: admin,
            json: ["currentPassword": admin.password, "newPassword": password, "confirmPassword": password])
    }

    @Test(
        "every route that needs a token is closed to them, but for the two they need", arguments: DatabaseKind.available
    )
    func closed(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.adminWithGeneratedPassword()
            for endpoint in app.system.endpoints {
                let response = try await app.send(
                    endpoint.method, AuthorizationMatrix.samplePath(endpoint.path), as: admin,
                    body: endpoint.method == .get ? nil : "{}")
                let isClosed = response.problemCode == "PASSWORD_CHANGE_REQUIRED"
                let isGuarded = !endpoint.access.gate.contains("PUBLIC") && !Self.open.contains(endpoint.route)
                #expect(isClosed == isGuarded, "\(endpoint.route)")
                #expect(!isClosed || response.status == 403)
            }
        }
    }

    @Test("public routes do not identify them")
    func anonymous() async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor(verified: false)
            let admin = try await app.adminWithGeneratedPassword()
            #expect(try await app.get("/api/doctors/public/\(doctor.username)", as: admin).status == 404)
            #expect(try await Self.change(admin, to: "Green-Teapot-77", in: app).status == 200)
            #expect(try await app.get("/api/doctors/public/\(doctor.username)", as: admin).status == 200)
        }
    }

    @Test(
        "changing the password opens them to the session at hand, and to later ones", arguments: DatabaseKind.available)
    func opened(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.adminWithGeneratedPassword()
            #expect(try await app.get("/api/doctors", as: admin).status == 403)
            #expect(try await Self.change(admin, to: admin.password, in: app).problemCode == "PASSWORD_UNCHANGED")
            #expect(try await app.get("/api/doctors", as: admin).status == 403)
            #expect(try await Self.change(admin, to: "Green-Teapot-77", in: app).status == 200)
            #expect(try await app.get("/api/doctors", as: admin).status == 200)
            let again = try await app.signIn(admin.username, "Green-Teapot-77", role: .admin)
            #expect(try await app.get("/api/doctors", as: again).status == 200)
        }
    }

    @Test("a refreshed token is as closed as the one before")
    func refreshed() async throws {
        try await withApp { app in
            let admin = try await app.adminWithGeneratedPassword()
            let tokens = try await app.post("/api/auth/refresh", json: ["refreshToken": admin.refreshToken])
            let token = try #require(tokens["accessToken"].string)
            let answer = try await app.get("/api/doctors", headers: ["Authorization": "Bearer \(token)"])
            #expect(answer.problemCode == "PASSWORD_CHANGE_REQUIRED")
        }
    }
}
