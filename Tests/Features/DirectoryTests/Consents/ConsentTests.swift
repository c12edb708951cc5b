import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Consents")
struct ConsentTests {
    private static func path(_ patient: TestUser) -> String { "/api/patients/\(patient.id)/consents" }

    private static func say(_ body: String, _ patient: TestUser, in app: TestApp) async throws -> TestJSON {
        try await app.send(.put, path(patient), as: patient, body: body)["assistant"]
    }

    private static func rows(of patient: TestUser, in app: TestApp) async throws -> [Bool] {
        try await app.database.read { db in
            try db.values("SELECT is_granted FROM patient_consents WHERE patient_id = \(patient.id) ORDER BY number")
        }
    }

    @Test("nothing is granted until the patient says so", arguments: DatabaseKind.available)
    func standard(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let consent = try await app.get(Self.path(patient), as: patient)["assistant"]
            #expect(consent["granted"].bool == false)
            #expect(consent["textVersion"].int == 1)
            #expect(consent["text"].string?.isEmpty == false)
            #expect(consent["changedAt"].isNull)
            #expect(try await Self.say(#"{"assistant":false}"#, patient, in: app)["changedAt"].isNull)
            #expect(try await Self.rows(of: patient, in: app).isEmpty)
        }
    }

    @Test("every change is a row with its time; what changes nothing is none", arguments: DatabaseKind.available)
    func changes(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let granted = try await Self.say(#"{"assistant":true}"#, patient, in: app)
            #expect(granted["granted"].bool == true)
            #expect(granted["changedAt"].string == app.time.now.description)
            app.time.advance(by: .minutes(1))
            #expect(try await Self.say(#"{"assistant":true}"#, patient, in: app) == granted)
            let silent = try await app.send(.put, Self.path(patient), as: patient, body: "{}")
            #expect(silent.fieldErrors == ["body"])
            #expect(try await app.get(Self.path(patient), as: patient)["assistant"] == granted)
            let refused = try await Self.say(#"{"assistant":false}"#, patient, in: app)
            #expect(refused["granted"].bool == false)
            #expect(refused["changedAt"].string == app.time.now.description)
            #expect(try await Self.rows(of: patient, in: app) == [true, false])
            let log = try await app.get("/api/patients/\(patient.id)/access-log", as: patient)
            #expect(
                log.json.list.count { $0["entity"].string == "patient_consents" && $0["action"].string == "UPDATE_PHI" }
                    == 2)
        }
    }

    @Test("they are the patient's own")
    func own() async throws {
        try await withApp { app in
            let (patient, other) = (try await app.registerPatient(), try await app.registerPatient())
            for user in [other, try await app.registerDoctor(), try await app.admin()] {
                #expect(try await app.get(Self.path(patient), as: user).status == 403)
                let answer = try await app.send(.put, Self.path(patient), as: user, body: #"{"assistant":true}"#)
                #expect(answer.status == 403)
            }
            #expect(try await Self.rows(of: patient, in: app).isEmpty)
        }
    }

    @Test("what is no boolean is refused", arguments: [#"{"assistant":"yes"}"#, #"{"assistant":1}"#, "[]"])
    func refused(_ body: String) async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            #expect(try await app.send(.put, Self.path(patient), as: patient, body: body).status == 400)
        }
    }
}
