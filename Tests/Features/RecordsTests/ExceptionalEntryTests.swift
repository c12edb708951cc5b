import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Entries written with a broken glass")
struct ExceptionalEntryTests {
    @Test(
        "the author keeps the entry, and sees nothing else of the patient after the hour",
        arguments: DatabaseKind.available)
    func author(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let base = "/api/patients/\(practice.patient.id)"
            _ = try await practice.app.send(
                .put, base + "/allergies", as: practice.patient, body: #"[{"substance":"Dust"}]"#)
            let foreign = try await practice.written()
            let helper = try await practice.app.registerDoctor()
            try await practice.breakGlass(helper)
            var entry = practice.entry
            entry.medicine = "Adrenaline"
            let written = try await practice.write(entry, as: helper)
            #expect(written["allergies"].list.count == 1, "\(written.text)")
            let id = try #require(written["id"].int)
            practice.app.time.advance(by: .minutes(61))
            let author = try await practice.app.signIn(helper.username, helper.password, role: .doctor)
            for path in ["", "/recent", "/summary"] {
                #expect(try await practice.list(path, as: author).status == 403)
            }
            for path in ["/complete-data", "/allergies", "/medical-history"] {
                #expect(try await practice.app.get(base + path, as: author).status == 403)
            }
            let treated = try await practice.app.get("/api/appointments/doctor/unique-patients", as: author)
            #expect(treated.json.list.isEmpty)
            #expect(try await practice.find(foreign, as: author).status == 404)
            #expect(try await practice.write(entry, as: author).status == 403)
            let path = "/api/medical-history/\(id)"
            #expect(try await practice.find(id, as: author)["medicine"].string == "Adrenaline")
            let corrected = try await practice.update(id, #"{"notes":"Once"}"#, as: author)
            #expect(corrected.status == 200, "\(corrected.text)")
            #expect(corrected["allergies"].isNull)
            #expect(corrected["allergiesRecordedAt"].isNull)
            let amended = try await practice.app.post(path + "/amendments", as: author, json: ["text": "More"])
            #expect(amended.status == 201)
            #expect(try await practice.app.get(path + "/versions", as: author).json.list.count == 2)
            // The paper would tell the allergies of today.
            #expect(try await practice.app.get(path + "/prescription.pdf", as: author).status == 404)
            let lines = try await practice.audited("medical_histories")
            #expect(lines.contains("READ_PHI \(id) AUTHOR"))
            #expect(lines.contains("UPDATE_PHI \(id) AUTHOR"))
        }
    }

    @Test("a visit before the patient's birth is refused", arguments: DatabaseKind.available)
    func unborn(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let born = try await practice.app.send(
                .put, "/api/patients/\(practice.patient.id)/profile", as: practice.patient,
                body: #"{"dateOfBirth":"2000-02-03"}"#)
            #expect(born.status == 200, "\(born.text)")
            var entry = practice.entry
            entry.visitDate = "2000-02-02"
            #expect(try await practice.write(entry).fieldErrors == ["visitDate"])
            entry.visitDate = "2000-02-03"
            let id = try await practice.written(entry)
            #expect(try await practice.update(id, #"{"visitDate":"2000-02-02"}"#).fieldErrors == ["visitDate"])
        }
    }

    @Test("a second click writes nothing; another text, a key or a minute does", arguments: DatabaseKind.available)
    func twice(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let ids = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<6 { group.addTask { try await practice.write()["id"].int } }
                return try await group.reduce(into: Set<Int?>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await practice.list().json.list.count == 1)
            var other = practice.entry
            other.notes = "Smoker"
            #expect(try await practice.write(other).header("ETag") == "\"1\"")
            _ = try await practice.write(key: "again")
            practice.app.time.advance(by: .minutes(1))
            _ = try await practice.write()
            #expect(try await practice.list().json.list.count == 4)
        }
    }
}
