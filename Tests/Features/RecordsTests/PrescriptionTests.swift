import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Codes of prescriptions")
struct PrescriptionTests {
    private static func code(_ answer: TestResponse) throws -> String {
        let url = try #require(answer["prescriptionUrl"].string, "\(answer.text)")
        let code = try #require(url.split(separator: "/").last.map(String.init))
        #expect(url.hasSuffix("/public/prescriptions/\(code)"))
        return code
    }

    private static func entry(_ practice: Practice) -> Practice.Entry {
        var entry = practice.entry
        entry.symptoms = "marker-symptoms"
        entry.diagnosis = "marker-diagnosis"
        entry.prescription = [Practice.Medicine(medicine: "marker-medicine")]
        return entry
    }

    @Test("whoever holds the code learns validity, day and doctor, and nothing else", arguments: DatabaseKind.available)
    func valid(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let code = try Self.code(try await practice.write(Self.entry(practice)))
            let shown = try await practice.app.get("/public/prescriptions/\(code)")
            #expect(shown.status == 200)
            #expect(shown.json.keys == ["doctorName", "issuedOn", "status", "valid"])
            #expect(shown["valid"].bool == true)
            #expect(shown["issuedOn"].string == Practice.today)
            #expect(shown["doctorName"].string == "Meera Iyer")
            let page = try await practice.app.get(
                "/public/prescriptions/\(code)", headers: ["Accept": "text/html,application/xhtml+xml;q=0.9"])
            #expect(page.status == 200)
            #expect(page.header("Content-Type") == "text/html; charset=utf-8")
            #expect(page.header("Vary") == "Origin, Accept")
            #expect(page.text.contains("This prescription is valid."))
            #expect(page.text.contains("Meera Iyer"))
            for secret in ["marker", "Asha", "Verma", "\(practice.patient.id)"] {
                #expect(!page.text.contains(secret))
                #expect(!shown.text.contains(secret))
            }
        }
    }

    @Test("a doctor's name cannot break out of the page")
    func escapes() async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor(["lastName": "O'Neill <b>&"])
            let patient = try await app.registerPatient()
            _ = try await app.send(
                .post, "/api/appointments/patient/book", as: patient,
                body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
            let practice = Practice(app: app, doctor: doctor, patient: patient, appointment: 0)
            let code = try Self.code(try await practice.write(Self.entry(practice)))
            let page = try await app.get("/public/prescriptions/\(code)", headers: ["Accept": "text/html"])
            #expect(page.text.contains("O&#39;Neill &lt;b&gt;&amp;"))
        }
    }

    @Test("what is replaced or taken back is no longer valid", arguments: DatabaseKind.available)
    func replaced(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            func status(_ code: String) async throws -> String? {
                try await practice.app.get("/public/prescriptions/\(code)")["status"].string
            }
            let written = try await practice.write(Self.entry(practice))
            let id = try #require(written["id"].int)
            let first = try Self.code(written)
            // A change of something else does not touch what was printed.
            #expect(try Self.code(try await practice.update(id, #"{"notes":"Smoker"}"#)) == first)
            #expect(try await status(first) == "VALID")
            let second = try Self.code(try await practice.update(id, #"{"prescription":[{"medicine":"Other"}]}"#))
            #expect(second != first)
            #expect(try await status(first) == "REPLACED")
            #expect(try await status(second) == "VALID")
            let none = try await practice.update(id, #"{"prescription":[]}"#)
            #expect(none["prescriptionUrl"].isNull)
            #expect(try await status(second) == "REPLACED")
            let third = try Self.code(try await practice.update(id, #"{"medicine":"Paracetamol"}"#))
            #expect(try await status(third) == "VALID")
            _ = try await practice.app.delete("/api/medical-history/\(id)", as: practice.doctor)
            #expect(try await status(third) == "WITHDRAWN")
        }
    }

    @Test("codes are long, stored as digests only, and an unknown one is unknown", arguments: DatabaseKind.available)
    func unguessable(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let codes = [
                try Self.code(try await practice.write(Self.entry(practice), key: "one")),
                try Self.code(try await practice.write(Self.entry(practice), key: "two")),
            ]
            #expect(codes[0] != codes[1])
            #expect(codes.allSatisfy { $0.count == 40 })
            let stored: [[UInt8]] = try await practice.app.database.read { db in
                try db.values("SELECT digest FROM prescription_codes")
            }
            #expect(stored.count == 2)
            #expect(stored.allSatisfy { $0.count == 32 })
            for code in ["0", String(codes[0].dropLast()) + "g", String(repeating: "0", count: 5_000)] {
                let unknown = try await practice.app.get("/public/prescriptions/\(code)")
                #expect(unknown.status == 404)
                #expect(unknown.problemCode == "PRESCRIPTION_NOT_FOUND")
            }
            #expect(try await practice.write()["prescriptionUrl"].isNull)
        }
    }

    @Test("the doctor keeps the name that stands on the paper", arguments: DatabaseKind.available)
    func renamed(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let written = try await practice.write(Self.entry(practice))
            let (id, code) = (try #require(written["id"].int), try Self.code(written))
            let path = "/api/medical-history/\(id)"
            _ = try await practice.app.post(path + "/amendments", as: practice.doctor, json: ["text": "More"])
            _ = try await practice.app.send(
                .put, "/api/doctors/profile/\(practice.doctor.username)", as: practice.doctor,
                body: #"{"lastName":"Rao"}"#)
            #expect(try await practice.app.get("/public/prescriptions/\(code)")["doctorName"].string == "Meera Iyer")
            let printed = try PrintedText.of(
                try await practice.app.get(path + "/prescription.pdf", as: practice.patient).bytes)
            #expect(printed.contains("Meera Iyer") && !printed.contains("Rao"), "\(printed)")
            #expect(try await practice.find(id)["amendments[0].doctorName"].string == "Meera Iyer")
            let changed = try await practice.update(id, #"{"prescription":[{"medicine":"Other"}]}"#)
            let renewed = try await practice.app.get("/public/prescriptions/\(try Self.code(changed))")
            #expect(renewed["doctorName"].string == "Meera Rao")
            let versions = try await practice.app.get(path + "/versions", as: practice.patient)
            #expect(versions.json.list.map { $0["changedBy"].string } == ["Meera Rao", "Meera Iyer"])
        }
    }

    @Test("guesses draw on the quota of codes")
    func limited() async throws {
        try await withApp(environment: ["CARESYNC_RATE_LIMITS": "on"]) { app in
            var statuses: Set<Int> = []
            for number in 0..<130 { statuses.insert(try await app.get("/public/prescriptions/\(number)").status) }
            #expect(statuses == [404, 429])
        }
    }
}
