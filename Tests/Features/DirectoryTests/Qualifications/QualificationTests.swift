import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Experiences, educations and certificates")
struct QualificationTests {
    struct List: Sendable, CustomStringConvertible {
        let name: String
        let new: String
        /// A change of one field, and its name and value.
        let change: String
        let field: String
        let value: String
        let unknown: String
        var description: String { name }
    }

    static let lists = [
        List(
            name: "experiences",
            new: #"{"hospitalName":" Neem Hospital ","position":"Registrar","yearsOfService":0,"details":"Nights"}"#,
            change: #"{"position":"Head"}"#, field: "position", value: "Head", unknown: "EXPERIENCE_NOT_FOUND"),
        List(
            name: "educations",
            new: #"{"degree":"MBBS","institution":"Neem College","yearOfCompletion":2009,"details":"Gold medal"}"#,
            change: #"{"degree":"MD"}"#, field: "degree", value: "MD", unknown: "EDUCATION_NOT_FOUND"),
        List(
            name: "certificates",
            new: """
                {"name":"Board","url":"https://board.example/1","details":"Renewed","issuingOrganization":"Board of Neem",
                "issueDate":"2020-01-31","expiryDate":"2030-01-31","credentialId":"N-1",
                "credentialUrl":"https://board.example/check?id=1"}
                """,
            change: #"{"name":"Board of Cardiology"}"#, field: "name", value: "Board of Cardiology",
            unknown: "CERTIFICATE_NOT_FOUND"),
    ]

    private static func path(_ doctor: TestUser, _ list: List) -> String {
        "/api/doctors/profile/\(doctor.username)/\(list.name)"
    }

    @Test("entries are added, read, changed in part and removed", arguments: lists, DatabaseKind.available)
    func lifeCycle(_ list: List, _ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (doctor, patient) = (try await app.registerDoctor(), try await app.registerPatient())
            let path = Self.path(doctor, list)
            let added = try await app.send(.post, path, as: doctor, body: list.new)
            #expect(added.status == 200, "\(added.text)")
            let id = try #require(added["id"].int)
            #expect(added["details"].string != nil)
            for read in [path, "/api/doctors/\(doctor.id)/\(list.name)"] {
                #expect(try await app.get(read, as: patient).json == .array([added.json]))
            }
            let profile = try await app.get("/api/doctors/public/\(doctor.username)", as: patient)
            #expect(profile[list.name] == .array([added.json]))

            let changed = try await app.send(.put, "\(path)/\(id)", as: doctor, body: list.change)
            #expect(changed[list.field].string == list.value)
            guard case .object(var expected) = added.json else { throw Missing() }
            expected[list.field] = .string(list.value)
            #expect(changed.json == .object(expected))
            let cleared = try await app.send(.put, "\(path)/\(id)", as: doctor, body: #"{"details":null}"#)
            #expect(cleared["details"].isNull)
            #expect(cleared[list.field].string == list.value)

            let removed = try await app.delete("\(path)/\(id)", as: doctor)
            #expect(removed.status == 200)
            #expect(removed["message"].string != nil)
            #expect(try await app.get(path, as: patient).json == .array([]))
            #expect(try await app.delete("\(path)/\(id)", as: doctor).problemCode == list.unknown)
        }
    }

    struct Missing: Error {}

    @Test("the lists of doctors show every change at once", arguments: lists, DatabaseKind.available)
    func cached(_ list: List, _ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (doctor, patient) = (try await app.registerDoctor(), try await app.registerPatient())
            func shown() async throws -> [TestJSON] {
                try await app.get("/api/doctors", as: patient)["[0].\(list.name)"].list
            }
            #expect(try await shown().isEmpty)
            let id = try #require(
                try await app.send(.post, Self.path(doctor, list), as: doctor, body: list.new)["id"].int)
            #expect(try await shown().count == 1)
            _ = try await app.send(.put, "\(Self.path(doctor, list))/\(id)", as: doctor, body: list.change)
            #expect(try await shown().first?[list.field].string == list.value)
            _ = try await app.delete("\(Self.path(doctor, list))/\(id)", as: doctor)
            #expect(try await shown().isEmpty)
        }
    }

    @Test("nobody changes the lists of somebody else; a colleague's entry is as unknown as none", arguments: lists)
    func own(_ list: List) async throws {
        try await withApp { app in
            let (doctor, other) = (try await app.registerDoctor(), try await app.registerDoctor())
            let id = try #require(
                try await app.send(.post, Self.path(doctor, list), as: doctor, body: list.new)["id"].int)
            #expect(try await app.send(.post, Self.path(doctor, list), as: other, body: list.new).status == 403)
            let path = "\(Self.path(doctor, list))/\(id)"
            #expect(try await app.send(.put, path, as: other, body: list.change).status == 403)
            #expect(try await app.delete(path, as: other).status == 403)
            let mine = "\(Self.path(other, list))/\(id)"
            #expect(try await app.send(.put, mine, as: other, body: list.change).problemCode == list.unknown)
            #expect(try await app.delete(mine, as: other).problemCode == list.unknown)
            #expect(try await app.get(Self.path(doctor, list), as: doctor).json.list.count == 1)
        }
    }

    @Test("patients see the lists of doctors they could book; unknown ones are 404", arguments: lists)
    func visible(_ list: List) async throws {
        try await withApp { app in
            let hidden = try await app.registerDoctor(verified: false)
            let (patient, admin) = (try await app.registerPatient(), try await app.admin())
            for path in [Self.path(hidden, list), "/api/doctors/\(hidden.id)/\(list.name)"] {
                #expect(try await app.get(path, as: patient).problemCode == "DOCTOR_NOT_FOUND")
                #expect(try await app.get(path, as: hidden).status == 200)
                #expect(try await app.get(path, as: admin).status == 200)
            }
            for path in ["/api/doctors/profile/nobody/\(list.name)", "/api/doctors/999999/\(list.name)"] {
                #expect(try await app.get(path, as: admin).problemCode == "DOCTOR_NOT_FOUND")
            }
        }
    }

    @Test(
        "what is wrong is refused by name",
        arguments: [
            ("experiences", #"{"position":"x","yearsOfService":1}"#, "hospitalName"),
            ("experiences", #"{"hospitalName":" ","position":"x","yearsOfService":1}"#, "hospitalName"),
            ("experiences", #"{"hospitalName":"x","position":"x","yearsOfService":81}"#, "yearsOfService"),
            ("experiences", #"{"hospitalName":"x","position":"x","yearsOfService":-1}"#, "yearsOfService"),
            ("experiences", #"{"hospitalName":"x","position":"x"}"#, "yearsOfService"),
            ("educations", #"{"degree":"x","institution":"x","yearOfCompletion":1899}"#, "yearOfCompletion"),
            ("educations", #"{"degree":"x","institution":"x","yearOfCompletion":2037}"#, "yearOfCompletion"),
            ("certificates", #"{"name":"x","url":"http://board.example/1"}"#, "url"),
            ("certificates", #"{"name":"x","url":"javascript:alert(1)"}"#, "url"),
            ("certificates", #"{"name":"x","url":"https://u@board.example/"}"#, "url"),
            (
                "certificates", #"{"name":"x","url":"https://a.example/","credentialUrl":"ftp://a.example"}"#,
                "credentialUrl"
            ),
            (
                "certificates",
                #"{"name":"x","url":"https://a.example/","issueDate":"2020-01-02","expiryDate":"2020-01-01"}"#,
                "expiryDate"
            ),
        ])
    func refused(_ list: String, _ body: String, _ field: String) async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor()
            let path = "/api/doctors/profile/\(doctor.username)/\(list)"
            let answer = try await app.send(.post, path, as: doctor, body: body)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field], "\(answer.text)")
            #expect(try await app.get(path, as: doctor).json == .array([]))
        }
    }

    @Test("a change is judged together with what is there")
    func judgedTogether() async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor()
            let path = Self.path(doctor, Self.lists[2])
            let id = try #require(try await app.send(.post, path, as: doctor, body: Self.lists[2].new)["id"].int)
            let late = try await app.send(.put, "\(path)/\(id)", as: doctor, body: #"{"issueDate":"2031-01-01"}"#)
            #expect(late.fieldErrors == ["expiryDate"])
            let both = try await app.send(
                .put, "\(path)/\(id)", as: doctor, body: #"{"issueDate":"2031-01-01","expiryDate":null}"#)
            #expect(both["issueDate"].string == "2031-01-01")
            #expect(both["expiryDate"].isNull)
        }
    }

    @Test("an address of this server, which the client has read, changes nothing", arguments: DatabaseKind.available)
    func ownAddress(_ kind: DatabaseKind) async throws {
        try await withApp(kind, environment: ["CARESYNC_PUBLIC_URL": "https://clinic.example"]) { app in
            let doctor = try await app.registerDoctor()
            let path = Self.path(doctor, Self.lists[2])
            let stored = "https://clinic.example/public/files/abc"
            for field in [#""url":"\#(stored)""#, #""url":"https://board.example/1","credentialUrl":"\#(stored)""#] {
                let refused = try await app.send(.post, path, as: doctor, body: #"{"name":"Board",\#(field)}"#)
                #expect(refused.status == 400, "\(refused.text)")
            }
            let added = try await app.send(
                .post, path, as: doctor, body: #"{"name":"Board","url":"https://board.example/1"}"#)
            let id = try #require(added["id"].int)
            let taken = try await app.send(.put, "\(path)/\(id)", as: doctor, body: #"{"url":"\#(stored)"}"#)
            #expect(taken.fieldErrors == ["url"])
            // As an upload of its file does.
            try await app.database.write { db in
                _ = try db.run("UPDATE doctor_certificates SET url = \(stored) WHERE id = \(id)")
            }
            let echoed = try await app.send(
                .put, "\(path)/\(id)", as: doctor,
                body: #"{"name":"board.pdf","url":"https://clinic.example/public/files/abc?exp=1&sig=x"}"#)
            #expect(echoed["url"].string == stored)
            #expect(echoed["name"].string == "board.pdf")
            let moved = try await app.send(
                .put, "\(path)/\(id)", as: doctor, body: #"{"url":"https://board.example/2"}"#)
            #expect(moved["url"].string == "https://board.example/2")
        }
    }

    @Test("a repeated request adds once, and a list ends at fifty", arguments: DatabaseKind.available)
    func bounded(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let (list, key) = (Self.lists[0], ["Idempotency-Key": "once"])
            let path = Self.path(doctor, list)
            let first = try await app.send(.post, path, as: doctor, headers: key, body: list.new)
            #expect(try await app.send(.post, path, as: doctor, headers: key, body: list.new).bytes == first.bytes)
            #expect(try await app.get(path, as: doctor).json.list.count == 1)
            for _ in 1..<50 { _ = try await app.send(.post, path, as: doctor, body: list.new) }
            #expect(try await app.send(.post, path, as: doctor, body: list.new).problemCode == "TOO_MANY_ENTRIES")
            let page = try await app.get("\(path)?page=2&size=20", as: doctor)
            #expect(page.json.list.count == 10)
            #expect(page.header("X-Total-Count") == "50")
        }
    }
}
