import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Listing and ending sessions")
struct SessionAdministrationTests {
    private static let none = [String: String]()

    @Test(
        "people see their own sessions with device and address, the current one marked",
        arguments: DatabaseKind.available)
    func own(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let first = try await app.registerPatient()
            _ = try await app.registerPatient()
            app.time.advance(by: .minutes(5))
            let login = ["username": first.username, "password": first.password]
            let second = try await app.post("/api/auth/login", json: login, headers: ["User-Agent": "Kitchen tablet"])
            #expect(second.status == 200)

            let list = try await app.get("/api/auth/sessions", as: first)
            #expect(list.json.list.count == 2)
            #expect(list["[0].device"].string == "Kitchen tablet")
            #expect(list["[0].current"].bool == false)
            #expect(list["[0].loginTime"].string == "2026-03-10T02:35:00Z")
            #expect(list["[1].current"].bool == true)
            #expect(list["[1].ipAddress"].string == "")

            let id = try #require(list["[0].id"].string)
            #expect(try await app.delete("/api/auth/sessions/\(id)", as: first).status == 200)
            let token = try #require(second["accessToken"].string)
            let ended = try await app.get("/api/auth/current-user", headers: ["Authorization": "Bearer \(token)"])
            #expect(ended.problemCode == "SESSION_REVOKED")
            #expect(try await app.get("/api/auth/sessions", as: first).json.list.count == 1)
            #expect(try await app.delete("/api/auth/sessions/\(id)", as: first).status == 404)
        }
    }

    @Test("somebody else's session and a made-up one are both unknown", arguments: DatabaseKind.available)
    func foreign(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (one, other) = (try await app.registerPatient(), try await app.registerPatient())
            let id = try #require(try await app.get("/api/auth/sessions", as: other)["[0].id"].string)
            for name in [id, id.uppercased(), String(id.dropLast()), "1", String(repeating: "0", count: 32)] {
                let answer = try await app.delete("/api/auth/sessions/\(name)", as: one)
                #expect(answer.status == 404)
                #expect(answer.problemCode == "SESSION_NOT_FOUND")
            }
            #expect(try await app.get("/api/auth/current-user", as: other).status == 200)
        }
    }

    @Test("the name of a session is not the id inside tokens, and stays the same")
    func names() async throws {
        try await withApp { app in
            let user = try await app.registerPatient()
            let first = try await app.get("/api/auth/sessions", as: user)
            #expect(try await app.get("/api/auth/sessions", as: user).text == first.text)
            #expect(first["[0].id"].string?.count == 32)
        }
    }

    @Test("administrators list and end the sessions of others, at once", arguments: DatabaseKind.available)
    func administrator(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, user) = (try await app.admin(), try await app.registerDoctor())
            let list = try await app.get("/api/admin/sessions/\(user.username)", as: admin)
            #expect(list.json.list.count == 1)
            #expect(list["[0].username"].string == user.username)
            #expect(list["[0].userType"].string == "DOCTOR")
            #expect(list["[0].active"].bool == true)
            let name = try #require(list["[0].sessionId"].string)
            #expect(try await app.get("/api/admin/sessions/nobody", as: admin).text == "[]")

            let path = "/api/admin/sessions/deactivate/\(name)"
            #expect(try await app.post(path, as: admin, json: Self.none).status == 200)
            #expect(try await app.get("/api/auth/current-user", as: user).problemCode == "SESSION_REVOKED")
            #expect(try await app.post(path, as: admin, json: Self.none).problemCode == "SESSION_NOT_FOUND")
        }
    }

    @Test("all sessions of an account end together, with their refresh tokens", arguments: DatabaseKind.available)
    func endAll(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, first) = (try await app.admin(), try await app.registerPatient())
            let second = try await app.signIn(first.username, first.password, role: .patient)
            let path = "/api/admin/sessions/deactivate-all/\(first.username)"
            let answer = try await app.post(path, as: admin, json: Self.none)
            #expect(answer["message"].string == "Sessions ended: 2.")
            for user in [first, second] {
                #expect(try await app.get("/api/auth/current-user", as: user).status == 401)
                #expect(
                    try await app.post("/api/auth/refresh", json: ["refreshToken": user.refreshToken]).status == 401)
            }
            #expect(try await app.post(path, as: admin, json: Self.none)["message"].string == "Sessions ended: 0.")
            let nobody = try await app.post("/api/admin/sessions/deactivate-all/nobody", as: admin, json: Self.none)
            #expect(nobody.problemCode == "USER_NOT_FOUND")
        }
    }

    @Test("sessions that were not continued in time are ended by the clean-up", arguments: DatabaseKind.available)
    func retention(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            _ = try await app.registerPatient()
            app.time.advance(by: .days(31))
            let admin = try await app.admin()
            let path = "/api/admin/sessions/cleanup-expired"
            #expect(try await app.post(path, as: admin, json: Self.none)["message"].string == "Sessions ended: 1.")
            #expect(try await app.get("/api/auth/current-user", as: admin).status == 200)
        }
    }
}
