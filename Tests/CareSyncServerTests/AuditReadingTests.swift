import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Reading the audit log")
struct AuditReadingTests {
    @Test(
        "a patient sees who looked, when, in what role and why, also who was refused", arguments: DatabaseKind.available
    )
    func accessLog(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let doctor = try await app.registerDoctor(["firstName": "Meera", "lastName": "Nair"])
            let other = try await app.registerPatient()
            let body = """
                {"doctorId":\(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Check-up"}
                """
            #expect(try await app.send(.post, "/api/appointments/patient/book", as: patient, body: body).status == 200)
            app.time.advance(by: .minutes(1))
            #expect(try await app.get("/api/appointments/doctor/my-patients", as: doctor).status == 200)
            app.time.advance(by: .minutes(1))
            let path = "/api/patients/\(patient.id)/access-log"
            #expect(try await app.get(path, as: other).status == 403)
            app.time.advance(by: .minutes(1))

            let log = try await app.get(path, as: patient)
            #expect(log.status == 200)
            #expect(log.json.list.count == 3)
            #expect(log["[0].action"].string == "ACCESS_DENIED")
            #expect(log["[0].outcome"].string == "DENIED")
            #expect(log["[0].actorName"].string == other.username)
            #expect(log["[1].action"].string == "READ_PHI")
            #expect(log["[1].actorName"].string == "Meera Nair")
            #expect(log["[1].actorRole"].string == "DOCTOR")
            #expect(log["[1].reason"].string == "TREATMENT")
            #expect(log["[1].at"].string == "2026-03-10T02:31:00Z")
            #expect(log["[2].action"].string == "CREATE_PHI")
            #expect(log["[2].reason"].string == "OWN_DATA")
            #expect(!log.text.contains("address"))

            let again = try await app.get(path + "?page=0&size=1", as: patient)
            #expect(again.header("X-Total-Count") == "4")
            #expect(again["[0].entity"].string == "audit_log")
            #expect(again["[0].actorId"].int == Int(patient.id))
        }
    }

    @Test("administrators search by actor, patient, action, entity and time", arguments: DatabaseKind.available)
    func search(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let patient = try await app.registerPatient()
            let begin = app.time.now
            app.time.advance(by: .minutes(10))
            #expect(try await app.get("/api/admin/users", as: patient).status == 403)
            #expect(try await app.get("/api/patients/\(patient.id)/access-log", as: patient).status == 200)

            func count(_ query: String) async throws -> Int {
                try await app.get("/api/admin/audit?\(query)", as: admin).json.list.count
            }
            #expect(try await count("actor=\(patient.id)&from=\(begin + .minutes(1))") == 2)
            #expect(try await count("actor=\(patient.id)&to=\(begin + .minutes(1))") == 1)
            #expect(try await count("patient=\(patient.id)&action=READ_PHI") == 1)
            #expect(try await count("action=ACCESS_DENIED&entity=GET%20/api/admin/users") == 1)
            #expect(try await count("action=ACCESS_DENIED&entity=users") == 0)

            // What a patient did with their own data and what they did otherwise comes in one order.
            let whole = try await app.get("/api/admin/audit?actor=\(patient.id)", as: admin).json.list
            #expect(Set(whole.map { $0["patientId"].isNull }) == [true, false])
            for page in whole.indices {
                let part = try await app.get("/api/admin/audit?actor=\(patient.id)&page=\(page)&size=1", as: admin)
                #expect(part.json.list == [whole[page]])
                #expect(part.header("X-Total-Count") == "\(whole.count)")
            }

            let denied = try await app.get("/api/admin/audit?action=ACCESS_DENIED&page=0&size=5", as: admin)
            #expect(denied.header("X-Total-Count") == "1")
            #expect(denied["[0].actorUsername"].string == patient.username)
            #expect(denied["[0].actorRole"].string == "PATIENT")
            #expect(denied["[0].outcome"].string == "DENIED")
            #expect(denied["[0].reason"].string == "ACCESS_DENIED")

            let own = try await app.get("/api/admin/audit?actor=\(admin.id)&entity=audit_log", as: admin)
            #expect(own.json.list.count > 5)
            #expect(own["[0].action"].string == "ADMIN_ACTION")
        }
    }

    @Test("bad filters are refused by their names", arguments: ["actor=x", "action=SHRUG", "from=today", "size=101"])
    func badFilters(_ query: String) async throws {
        try await withApp { app in
            let answer = try await app.get("/api/admin/audit?\(query)", as: try await app.admin())
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [String(query.prefix { $0 != "=" })])
        }
    }

    @Test(
        "what a path says is kept of a denial only when it is an id or a user name", arguments: DatabaseKind.available)
    func denialsKeepNames(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            for name in ["17", "asha.rao", "chest%20pain", "%E0%A4%A8"] {
                #expect(try await app.get("/api/doctors/profile/\(name)", as: patient).status == 403)
                // The next one is no repetition.
                app.time.advance(by: .minutes(1))
            }
            let kept: [String] = try await app.database.read { db in
                try db.values("SELECT entity_id FROM audit_log WHERE action = 'ACCESS_DENIED' ORDER BY entity_id")
            }
            #expect(kept == ["", "", "17", "asha.rao"])
        }
    }

    @Test("nobody who is not signed in writes into the audit log by being refused")
    func anonymous() async throws {
        try await withApp { app in
            #expect(try await app.get("/api/admin/users").status == 401)
            let count: Int? = try await app.database.read { try $0.value("SELECT count(*) FROM audit_log") }
            #expect(count == 0)
        }
    }
}
