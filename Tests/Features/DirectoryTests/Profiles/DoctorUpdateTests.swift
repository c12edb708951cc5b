import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Changing a doctor's profile")
struct DoctorUpdateTests {
    private static func path(_ doctor: TestUser) -> String { "/api/doctors/profile/\(doctor.username)" }

    private static func change(
        _ body: String, of doctor: TestUser, as user: TestUser? = nil, headers: [String: String] = [:],
        in app: TestApp
    ) async throws -> TestResponse {
        try await app.send(.put, path(doctor), as: user ?? doctor, headers: headers, body: body)
    }

    private static let whole = """
        {"firstName":"Meera","lastName":"Nair-Iyer","specialization":"Neurology","contactInfo":"+91 98200 00000",
        "gender":"Female","consultationFees":750.5,"address":"12 Neem Road","languages":["Hindi"," English ","hindi"]}
        """

    @Test("what is sent is stored, and what is not stays", arguments: DatabaseKind.available)
    func partial(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let first = try await Self.change(Self.whole, of: doctor, in: app)
            #expect(first.status == 200, "\(first.text)")
            #expect(first["name"].string == "Meera Nair-Iyer")
            #expect(first["consultationFees"].double == 750.5)
            #expect(first["languages"].list.map(\.string) == ["Hindi", "English"])
            #expect(first["completionPercentage"].int == 50)
            for body in ["{}", #"{"firstName":null,"address":null,"languages":null,"consultationFees":null}"#] {
                let again = try await Self.change(body, of: doctor, in: app)
                #expect(again.json == first.json)
            }
            let moved = try await Self.change(#"{"address":"13 Neem Road"}"#, of: doctor, in: app)
            #expect(moved["address"].string == "13 Neem Road")
            #expect(moved["specialization"].string == "Neurology")
            #expect(try await app.get(Self.path(doctor), as: doctor).json == moved.json)
        }
    }

    @Test("an empty text and an empty list clear; a dialling code alone is no telephone number")
    func clears() async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor()
            _ = try await Self.change(Self.whole, of: doctor, in: app)
            let cleared = try await Self.change(
                #"{"specialization":"","contactInfo":"+91 ","gender":" ","address":"","languages":[]}"#, of: doctor,
                in: app)
            #expect(cleared.status == 200)
            for field in ["specialization", "contactInfo", "gender", "address", "languages"] {
                #expect(cleared[field].isNull, "\(field)")
            }
        }
    }

    @Test("the published client's whole form is taken; what it may not decide is ignored")
    func ignored() async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor()
            let email = try #require(try await app.get(Self.path(doctor), as: doctor)["email"].string)
            let answer = try await Self.change(
                """
                {"firstName":"Meera","lastName":"Nair","email":"\(email)","isActive":false,"isVerified":false,
                "profileImageUrl":"https://elsewhere.example/x.png","averageRating":5}
                """, of: doctor, in: app)
            #expect(answer.status == 200)
            #expect(answer["isActive"].bool == true)
            #expect(answer["isVerified"].bool == true)
            #expect(answer["profileImageUrl"].isNull)
        }
    }

    @Test("a doctor changes nobody else's profile, and is not told who exists")
    func own() async throws {
        try await withApp { app in
            let (doctor, other) = (try await app.registerDoctor(), try await app.registerDoctor())
            let (patient, admin) = (try await app.registerPatient(), try await app.admin())
            for user in [other, patient, admin] {
                #expect(try await Self.change(Self.whole, of: doctor, as: user, in: app).status == 403)
            }
            let nobody = try await app.send(.put, "/api/doctors/profile/nobody", as: doctor, body: "{}")
            #expect(nobody.problemCode == "ACCESS_DENIED")
            // A name is the same in whatever case.
            let loud = "/api/doctors/profile/\(doctor.username.uppercased())"
            #expect(try await app.send(.put, loud, as: doctor, body: "{}").status == 200)
        }
    }

    @Test(
        "what is wrong is refused by name, and nothing is changed",
        arguments: [
            (#"{"firstName":" "}"#, "firstName"),
            (#"{"lastName":"\#(String(repeating: "x", count: 51))"}"#, "lastName"),
            (#"{"contactInfo":"call me"}"#, "contactInfo"), (#"{"consultationFees":-1}"#, "consultationFees"),
            (#"{"consultationFees":1000000.01}"#, "consultationFees"),
            (#"{"consultationFees":1.005}"#, "consultationFees"),
            (#"{"languages":["a,b"]}"#, "languages"), (#"{"languages":[""]}"#, "languages"),
            (#"{"address":"\#(String(repeating: "x", count: 256))"}"#, "address"), (#"{"email":"nobody"}"#, "email"),
            (#"{"gender":"\#(String(repeating: "x", count: 21))"}"#, "gender"),
        ])
    func refused(_ body: String, _ field: String) async throws {
        try await withApp { app in
            let doctor = try await app.registerDoctor()
            let before = try await app.get(Self.path(doctor), as: doctor)
            let answer = try await Self.change(body, of: doctor, in: app)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field], "\(answer.text)")
            #expect(try await app.get(Self.path(doctor), as: doctor).json == before.json)
        }
    }

    @Test("searches and lists know the new names at once", arguments: DatabaseKind.available)
    func searches(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor(["firstName": "Asha", "lastName": "Verma"])
            let patient = try await app.registerPatient()
            func found(_ query: String) async throws -> [String?] {
                try await app.get("/api/doctors?\(query)", as: patient).json.list.map { $0["name"].string }
            }
            #expect(try await found("name=verma") == ["Asha Verma"])
            _ = try await Self.change(Self.whole, of: doctor, in: app)
            #expect(try await found("name=verma").isEmpty)
            #expect(try await found("name=iyer%20meera") == ["Meera Nair-Iyer"])
            #expect(try await found("language=english&gender=female&specialization=neurology").count == 1)
            _ = try await Self.change(#"{"languages":["Tamil"],"gender":"","lastName":"Rao"}"#, of: doctor, in: app)
            #expect(try await found("language=english").isEmpty)
            #expect(try await found("gender=female").isEmpty)
            #expect(try await found("name=meera%20rao") == ["Meera Rao"])
        }
    }

    @Test("with If-Match the profile is changed only as it was read", arguments: DatabaseKind.available)
    func conditional(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let tag = try #require(try await app.get(Self.path(doctor), as: doctor).header("ETag"))
            let first = try await Self.change(Self.whole, of: doctor, headers: ["If-Match": tag], in: app)
            #expect(first.status == 200)
            #expect(first.header("ETag") != tag)
            let late = try await Self.change(#"{"address":"x"}"#, of: doctor, headers: ["If-Match": tag], in: app)
            #expect(late.problemCode == "PRECONDITION_FAILED")
            #expect(try await app.get(Self.path(doctor), as: doctor)["address"].string == "12 Neem Road")
        }
    }

    @Test("changes of different fields at the same time all last", arguments: DatabaseKind.available)
    func together(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let bodies = [
                #"{"address":"12 Neem Road"}"#, #"{"gender":"Female"}"#, #"{"languages":["Hindi"]}"#,
                #"{"specialization":"Neurology"}"#, #"{"consultationFees":300}"#,
            ]
            try await withThrowingTaskGroup(of: Int.self) { group in
                for body in bodies {
                    group.addTask { try await Self.change(body, of: doctor, in: app).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            let profile = try await app.get(Self.path(doctor), as: doctor)
            #expect(profile["address"].string == "12 Neem Road")
            #expect(profile["gender"].string == "Female")
            #expect(profile["languages"].list.count == 1)
            #expect(profile["specialization"].string == "Neurology")
            #expect(profile["consultationFees"].int == 300)
        }
    }

    @Test("the address of a picture is the one that its upload has set", arguments: DatabaseKind.available)
    func picture(_ kind: DatabaseKind) async throws {
        let environment = ["CARESYNC_PUBLIC_URL": "https://clinic.example"]
        try await withApp(kind, environment: environment) { app in
            let (doctor, other) = (try await app.registerDoctor(), try await app.registerDoctor())
            let own = "https://clinic.example/api/files/view/7?sig=abc"
            try await app.database.write { [id = doctor.id] db in
                _ = try db.run("UPDATE doctors SET profile_image_url = \(own) WHERE id = \(id)")
            }
            func put(_ address: String, as user: TestUser) async throws -> TestResponse {
                let query = address.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                return try await app.send(
                    .put, "\(Self.path(doctor))/image?imageUrl=\(query)", as: user, body: "{}")
            }
            for address in [
                "javascript:alert(1)", "https://elsewhere.example/x.png", "https://clinic.example.evil.example/x",
                "https://clinic.example", "https://clinic.example/", "http://clinic.example/x", "x",
                "https://clinic.example/a\"b", "https://clinic.example/api/files/view/8?sig=abc", own + "x",
            ] {
                let answer = try await put(address, as: doctor)
                #expect(answer.status == 400, "\(address)")
                #expect(answer.fieldErrors == ["imageUrl"], "\(address)")
            }
            #expect(try await put(own, as: other).status == 403)
            _ = try await app.get("/api/doctors", as: other)
            let answer = try await put(" \(own)", as: doctor)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer["profileImageUrl"].string == own)
            #expect(answer["completionPercentage"].int == 10)
            let listed = try await app.get("/api/doctors", as: other).json.list.first { $0["id"].int == Int(doctor.id) }
            #expect(listed?["profileImageUrl"].string == own)
        }
    }
}
