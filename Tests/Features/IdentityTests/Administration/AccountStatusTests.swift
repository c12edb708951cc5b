import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Activating and deactivating accounts")
struct AccountStatusTests {
    private static let none = [String: String]()

    @Test(
        "a deactivated account is out at once and cannot come back until it is activated",
        arguments: DatabaseKind.available)
    func deactivates(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, user) = (try await app.admin(), try await app.registerPatient())
            let path = "/api/admin/users/\(user.username.uppercased())/toggle-active"
            let off = try await app.put(path, as: admin, json: Self.none)
            #expect(off.status == 200)
            #expect(off["isActive"].bool == false)
            #expect(off["username"].string == user.username)
            #expect(try await app.get("/api/auth/current-user", as: user).problemCode == "SESSION_REVOKED")
            let login = ["username": user.username, "password": user.password]
            #expect(try await app.post("/api/auth/login", json: login).problemCode == "ACCOUNT_INACTIVE")
            let refresh = ["refreshToken": user.refreshToken]
            let refused = try await app.post("/api/auth/refresh", json: refresh)
            #expect(refused.status == 403)
            #expect(refused.problemCode == "ACCOUNT_INACTIVE")

            let on = try await app.put(path, as: admin, json: Self.none)
            #expect(on["isActive"].bool == true)
            #expect(try await app.get("/api/auth/current-user", as: user).status == 401)
            #expect(try await app.post("/api/auth/refresh", json: refresh).problemCode == "REFRESH_INVALID")
            #expect(try await app.post("/api/auth/login", json: login).status == 200)
        }
    }

    @Test(
        "the status can be set twice, and every call is audited with the state before and after",
        arguments: DatabaseKind.available)
    func idempotent(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, user) = (try await app.admin(), try await app.registerPatient())
            for active in [false, false, true] {
                let answer = try await app.put(
                    "/api/admin/users/\(user.username)/status?active=\(active)", as: admin, json: Self.none)
                #expect(answer["isActive"].bool == active)
                app.time.advance(by: .minutes(1))
            }
            let log = try await app.get("/api/admin/audit?patient=\(user.id)&entity=users", as: admin).json.list
            #expect(log.map { $0["before"].string } == ["INACTIVE", "INACTIVE", "ACTIVE"])
            #expect(log.map { $0["after"].string } == ["ACTIVE", "INACTIVE", "INACTIVE"])
            #expect(log.allSatisfy { $0["actorId"].int == Int(admin.id) && $0["entityId"].string == "\(user.id)" })
        }
    }

    @Test(
        "a doctor is blocked with a reason that is kept, and disappears from the lists of patients",
        arguments: DatabaseKind.available)
    func blocks(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, patient, doctor) = (
                try await app.admin(), try await app.registerPatient(), try await app.registerDoctor()
            )
            let blocked = try await app.post(
                "/api/admin/block-doctor/\(doctor.id)?reason=Licence%20withdrawn", as: admin, json: Self.none)
            #expect(blocked.status == 200)
            #expect(blocked["reason"].string == "Licence withdrawn")
            #expect(try await app.get("/api/doctors", as: patient).json.list.isEmpty)
            #expect(try await app.get("/api/admin/doctors", as: admin)["[0].isActive"].bool == false)
            let kept: String? = try await app.database.read { db in
                try db.value("SELECT status_reason FROM users WHERE id = \(doctor.id)")
            }
            #expect(kept == "Licence withdrawn")
            #expect(try await app.get("/api/auth/current-user", as: doctor).status == 401)
            let on = try await app.post("/api/admin/unblock-doctor/\(doctor.id)", as: admin, json: Self.none)
            #expect(on.status == 200)
            #expect(try await app.get("/api/doctors", as: patient).json.list.count == 1)

            let standard = try await app.post("/api/admin/block-patient/\(patient.id)", as: admin, json: Self.none)
            #expect(standard["reason"].string == "Blocked by an administrator")
            #expect(
                try await app.post("/api/admin/unblock-patient/\(patient.id)", as: admin, json: Self.none).status == 200
            )
        }
    }

    @Test(
        "unknown accounts, and accounts of another kind, are 404",
        arguments: [
            "block-doctor/{patient}", "block-patient/{doctor}", "unblock-doctor/9", "block-patient/9",
        ])
    func unknown(_ path: String) async throws {
        try await withApp { app in
            let (admin, patient, doctor) = (
                try await app.admin(), try await app.registerPatient(), try await app.registerDoctor()
            )
            let filled = path.replacing("{patient}", with: "\(patient.id)").replacing("{doctor}", with: "\(doctor.id)")
            let answer = try await app.post("/api/admin/\(filled)", as: admin, json: Self.none)
            #expect(answer.status == 404)
            #expect(answer.problemCode == "USER_NOT_FOUND")
            let nobody = try await app.put("/api/admin/users/nobody/status?active=true", as: admin, json: Self.none)
            #expect(nobody.status == 404)
        }
    }

    @Test("bad input is refused by its field")
    func badInput() async throws {
        try await withApp { app in
            let admin = try await app.admin()
            let without = try await app.put("/api/admin/users/\(admin.username)/status", as: admin, json: Self.none)
            #expect(without.fieldErrors == ["active"])
            let long = String(repeating: "x", count: 501)
            let reason = try await app.post("/api/admin/block-doctor/1?reason=\(long)", as: admin, json: Self.none)
            #expect(reason.fieldErrors == ["reason"])
            #expect(try await app.get("/api/admin/users?role=NURSE", as: admin).fieldErrors == ["role"])
        }
    }

    @Test("nobody deactivates themselves", arguments: DatabaseKind.available)
    func ownAccount(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (admin, _) = (try await app.admin(), try await app.admin())
            for step in ["toggle-active", "status?active=false"] {
                let answer = try await app.put("/api/admin/users/\(admin.username)/\(step)", as: admin, json: Self.none)
                #expect(answer.status == 409)
                #expect(answer.problemCode == "OWN_ACCOUNT")
            }
            #expect(try await app.get("/api/auth/current-user", as: admin).status == 200)
        }
    }

    @Test("administrators who deactivate each other at the same time leave one", arguments: DatabaseKind.available)
    func lastAdministrator(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            for _ in 0..<5 {
                let admins = [try await app.admin(), try await app.admin(), try await app.admin()]
                await withTaskGroup(of: Void.self) { group in
                    for (admin, victim) in zip(admins, admins.dropFirst() + admins.prefix(1)) {
                        group.addTask {
                            _ = try? await app.put(  // Whether it succeeds is what the race decides.
                                "/api/admin/users/\(victim.username)/status?active=false", as: admin, json: Self.none)
                        }
                    }
                }
                let left: Int? = try await app.database.read { db in
                    try db.value("SELECT count(*) FROM users WHERE role = 'ADMIN' AND is_active")
                }
                #expect((left ?? 0) >= 1)
                // The next round begins without administrators of this one.
                try await app.database.write { db in
                    _ = try db.run("UPDATE users SET is_active = FALSE WHERE role = 'ADMIN'")
                }
            }
        }
    }

    @Test(
        "accounts are listed by id, by role and by a part of name or address, in pages",
        arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let patients = [try await app.registerPatient(["username": "asha_rao"]), try await app.registerPatient()]
            let doctor = try await app.registerDoctor(["username": "ashaXrao"])
            let ids = ([admin, doctor] + patients).map { Int($0.id) }.sorted()
            let all = try await app.get("/api/admin/users", as: admin)
            #expect(all.json.list.map { $0["userId"].int } == ids)
            #expect(all["[0].isActive"].bool == true)
            let page = try await app.get("/api/admin/users?role=PATIENT&page=1&size=1", as: admin)
            #expect(page.header("X-Total-Count") == "2")
            #expect(page["[0].userId"].int == patients.map { Int($0.id) }.max())
            #expect(try await app.get("/api/admin/users?q=HA_RA", as: admin).json.list.count == 1)
            #expect(try await app.get("/api/admin/users?q=%25", as: admin).json.list.isEmpty)
            #expect(try await app.get("/api/admin/users?q=example.org&role=DOCTOR", as: admin).json.list.count == 1)
        }
    }
}
