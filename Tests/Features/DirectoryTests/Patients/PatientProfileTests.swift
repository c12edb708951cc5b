import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Changing a patient's profile")
struct PatientProfileTests {
    private static let whole = """
        {"firstName":"Meera","lastName":"Nair","dateOfBirth":"1987-06-05","contactInfo":"+91 98200 00000",
        "illnessDetails":"Seasonal asthma","gender":"Female","bloodGroup":"O+"}
        """

    private static func path(_ patient: TestUser) -> String { "/api/patients/\(patient.id)" }

    private static func change(
        _ body: String, of patient: TestUser, as user: TestUser? = nil, in app: TestApp
    ) async throws -> TestResponse {
        try await app.send(.put, "\(path(patient))/profile", as: user ?? patient, body: body)
    }

    @Test("what is sent is stored sealed, and what is not stays", arguments: DatabaseKind.available)
    func partial(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let first = try await Self.change(Self.whole, of: patient, in: app)
            #expect(first.status == 200, "\(first.text)")
            #expect(first["name"].string == "Meera Nair")
            #expect(first["dateOfBirth"].string == "1987-06-05")
            #expect(first["completionPercentage"].int == 80)
            for body in ["{}", #"{"firstName":null,"lastName":null,"email":null}"#] {
                #expect(try await Self.change(body, of: patient, in: app).json == first.json)
            }
            let moved = try await Self.change(#"{"bloodGroup":"A-"}"#, of: patient, in: app)
            #expect(moved["bloodGroup"].string == "A-")
            #expect(moved["illnessDetails"].string == "Seasonal asthma")
            for read in [Self.path(patient), "/api/patients/profile/\(patient.username)"] {
                #expect(try await app.get(read, as: patient).json == moved.json)
            }
            let stored: [[UInt8]] = try await app.database.read { db in
                try db.values(
                    """
                    SELECT first_name FROM patients WHERE id = \(patient.id)
                    UNION ALL SELECT illness_details FROM patients WHERE id = \(patient.id)
                    UNION ALL SELECT date_of_birth FROM patients WHERE id = \(patient.id)
                    """)
            }
            for bytes in stored {
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!text.contains("Meera") && !text.contains("asthma") && !text.contains("1987"))
            }
            let year: Int? = try await app.database.read { db in
                try db.value("SELECT birth_year FROM patients WHERE id = \(patient.id)")
            }
            #expect(year == 1987)
        }
    }

    @Test("null and an empty text clear what need not be there", arguments: ["null", "\"\"", "\" \""])
    func clears(_ nothing: String) async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            _ = try await Self.change(Self.whole, of: patient, in: app)
            let fields = ["dateOfBirth", "contactInfo", "illnessDetails", "gender", "bloodGroup"]
            let body = "{" + fields.map { "\"\($0)\":\(nothing)" }.joined(separator: ",") + "}"
            let cleared = try await Self.change(body, of: patient, in: app)
            #expect(cleared.status == 200, "\(cleared.text)")
            for field in fields { #expect(cleared[field].isNull, "\(field)") }
            #expect(cleared["name"].string == "Meera Nair")
            #expect(cleared["completionPercentage"].int == 0)
        }
    }

    @Test("the published client's whole form changes nothing by itself, whatever it says of isActive")
    func echo() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            let before = try await app.get(Self.path(patient), as: patient)
            let fields = [
                "firstName", "lastName", "dateOfBirth", "contactInfo", "illnessDetails", "email", "gender",
                "bloodGroup",
            ]
            let form = fields.map { "\"\($0)\":\(before[$0].string.map { "\"\($0)\"" } ?? "null")" }
            let body = "{" + form.joined(separator: ",") + ",\"isActive\":false}"
            let after = try await Self.change(body, of: patient, in: app)
            #expect(after.json == before.json)
            #expect(after["isActive"].bool == true)
        }
    }

    @Test(
        "what is wrong is refused by name, and nothing is changed",
        arguments: [
            (#"{"firstName":""}"#, "firstName"),
            (#"{"lastName":"\#(String(repeating: "x", count: 101))"}"#, "lastName"),
            (#"{"contactInfo":"\#(String(repeating: "x", count: 201))"}"#, "contactInfo"),
            (#"{"illnessDetails":"\#(String(repeating: "x", count: 1001))"}"#, "illnessDetails"),
            (#"{"gender":"\#(String(repeating: "x", count: 21))"}"#, "gender"),
            (#"{"bloodGroup":"\#(String(repeating: "x", count: 11))"}"#, "bloodGroup"),
            (#"{"dateOfBirth":"2026-03-11"}"#, "dateOfBirth"), (#"{"dateOfBirth":"1899-12-31"}"#, "dateOfBirth"),
            (#"{"dateOfBirth":"yesterday"}"#, "dateOfBirth"), (#"{"email":"nobody"}"#, "email"),
        ])
    func refused(_ body: String, _ field: String) async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            let before = try await app.get(Self.path(patient), as: patient)
            let answer = try await Self.change(body, of: patient, in: app)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field], "\(answer.text)")
            #expect(try await app.get(Self.path(patient), as: patient).json == before.json)
        }
    }

    @Test("nobody else changes a profile, and nobody learns who exists")
    func own() async throws {
        try await withApp { app in
            let (patient, other) = (try await app.registerPatient(), try await app.registerPatient())
            let (doctor, admin) = (try await app.registerDoctor(), try await app.admin())
            for user in [other, doctor, admin] {
                for route in ["profile", "illness-details?illnessDetails=x", "contact-info?contactInfo=x"] {
                    for id in [patient.id, 999_999] {
                        let answer = try await app.send(.put, "/api/patients/\(id)/\(route)", as: user, body: "{}")
                        #expect(answer.problemCode == "ACCESS_DENIED", "\(route)")
                    }
                }
            }
        }
    }

    @Test(
        "illness and contact come in the body or, as the published client sends them, in the query",
        arguments: [("illness-details", "illnessDetails"), ("contact-info", "contactInfo")], DatabaseKind.available)
    func single(_ single: (route: String, field: String), _ kind: DatabaseKind) async throws {
        let (route, field) = single
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let path = "\(Self.path(patient))/\(route)"
            let query = "\(path)?\(field)=from%20the%20query"
            #expect(try await app.send(.put, query, as: patient, body: "{}")[field].string == "from the query")
            #expect(try await app.send(.put, query, as: patient)[field].string == "from the query")
            let both = try await app.send(.put, query, as: patient, body: #"{"\#(field)":"from the body"}"#)
            #expect(both[field].string == "from the body")
            let missing = try await app.send(.put, path, as: patient, body: "{}")
            #expect(missing.status == 400)
            #expect(missing.problemCode == "INVALID_ARGUMENT")
            let cleared = try await app.send(.put, path, as: patient, body: #"{"\#(field)":null}"#)
            #expect(cleared.status == 200)
            #expect(cleared[field].isNull)
        }
    }

    @Test("a value that cannot be read is named and never written over", arguments: DatabaseKind.available)
    func damaged(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, other) = (try await app.registerPatient(), try await app.registerPatient())
            for user in [patient, other] { _ = try await Self.change(Self.whole, of: user, in: app) }
            try await app.database.write { db in
                _ = try db.run(
                    """
                    UPDATE patients SET illness_details = (
                        SELECT o.illness_details FROM patients o WHERE o.id = \(other.id))
                    WHERE id = \(patient.id)
                    """)
            }
            func stored() async throws -> [UInt8]? {
                try await app.database.read { db in
                    try db.value("SELECT illness_details FROM patients WHERE id = \(patient.id)")
                }
            }
            let before = try await stored()
            for body in [#"{"gender":"Male"}"#, #"{"illnessDetails":"well again"}"#] {
                let answer = try await Self.change(body, of: patient, in: app)
                #expect(answer.status == 500)
                #expect(answer.problemCode == "DATA_INTEGRITY")
            }
            #expect(try await stored() == before)
        }
    }

    @Test(
        "the address of a picture is the one that its upload has set, by id and by user name",
        arguments: DatabaseKind.available)
    func picture(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: ["CARESYNC_PUBLIC_URL": "https://clinic.example"]) { app in
            let (patient, other) = (try await app.registerPatient(), try await app.registerPatient())
            for path in ["\(Self.path(patient))/profile-image", "/api/patients/profile/\(patient.username)/image"] {
                let own = "https://clinic.example/api/files/view/\(path.count)?sig=x"
                try await app.database.write { [id = patient.id] db in
                    _ = try db.run("UPDATE patients SET profile_image_url = \(own) WHERE id = \(id)")
                }
                let set = try await app.send(.put, "\(path)?imageUrl=\(own)", as: patient, body: "{}")
                #expect(set["profileImageUrl"].string == own)
                #expect(set["completionPercentage"].int == 20)
                for address in ["https://elsewhere.example/x.png", "https://clinic.example/x", own + "y"] {
                    let foreign = try await app.send(.put, "\(path)?imageUrl=\(address)", as: patient, body: "{}")
                    #expect(foreign.fieldErrors == ["imageUrl"])
                }
                #expect(try await app.send(.put, "\(path)?imageUrl=\(own)", as: other, body: "{}").status == 403)
            }
        }
    }

    @Test("a change is one line of the audit log, without what was written", arguments: DatabaseKind.available)
    func audited(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            _ = try await Self.change(Self.whole, of: patient, in: app)
            let log = try await app.get("\(Self.path(patient))/access-log", as: patient)
            let lines = log.json.list.filter { $0["entity"].string == "patients" }
            #expect(lines.map { $0["action"].string } == ["UPDATE_PHI"])
            #expect(!log.text.contains("asthma"))
            #expect(!app.logs.text.contains("asthma"))
        }
    }
}
