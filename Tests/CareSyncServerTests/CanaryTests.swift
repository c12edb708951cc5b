import CareSyncTesting
import Directory
import Foundation
import HTTPTypes
import Testing

/// Plants marked texts wherever health data or names go in, and looks for them wherever they must not come out.
@Suite("Canaries")
struct CanaryTests {
    /// Texts that occur nowhere in the program.
    private static let canaries = [
        "Quillfeather", "Zumbrota", "+91 9000077731", "canary-illness-xylophone", "canary-reason-marzipan",
        "canary-symptoms-kazoo", "canary-notes-lozenge", "canary-medicine-dulcimer", "canary-amendment-gazebo",
        "canary-allergy-zither", "canary-file-theorbo", "canary-description-spinet",
    ]

    @Test("what patients write is neither in the database file, nor in logs, nor in error bodies")
    func nothingLeaks() async throws {
        let server = try LiveServer(environment: ["CARESYNC_LOG_LEVEL": "trace"])
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        try await server.start()
        let visit = CanaryVisit(server: server)
        let errors = try await visit.run()
        #expect(errors.count >= 8)
        #expect(errors.allSatisfy { $0.status >= 400 && $0.status < 500 })
        await server.stop()

        let everything = errors.map(\.body).joined() + server.log
        for canary in Self.canaries {
            #expect(!everything.contains(canary), "\(canary) in an error body or the log")
        }
        for file in ["caresync.sqlite", "caresync.sqlite-wal"] {
            guard let data = FileManager.default.contents(atPath: server.directory + "/data/" + file) else { continue }
            for canary in Self.canaries {
                #expect(data.range(of: Data(canary.utf8)) == nil, "\(canary) in \(file)")
            }
        }
        // Of files: the store, the mails, and the names in both.
        for folder in ["documents", "outbox"] {
            let base = server.directory + "/data/" + folder
            for path in try FileManager.default.subpathsOfDirectory(atPath: base) {
                let subject = try Self.subject(of: base + "/" + path, isMail: folder == "outbox")
                for canary in Self.canaries {
                    #expect(!path.contains(canary))
                    #expect(subject.range(of: Data(canary.utf8)) == nil, "\(canary) in \(folder)/\(path)")
                }
            }
        }
        // The control: what is stored in clear is found in the same bytes.
        let database = try #require(FileManager.default.contents(atPath: server.directory + "/data/caresync.sqlite"))
        #expect(database.range(of: Data("canary.patient".utf8)) != nil)
    }

    /// All of a stored object; of a mail its subject, because a mail may name its reader.
    private static func subject(of path: String, isMail: Bool) throws -> Data {
        let content = FileManager.default.contents(atPath: path) ?? Data()
        guard isMail else { return content }
        let lines = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline)
        return Data(lines.filter { $0.lowercased().hasPrefix("subject:") }.joined().utf8)
    }
}

/// A patient who fills in everything, books, and makes every mistake there is.
private struct CanaryVisit {
    let server: LiveServer

    struct Refusal {
        let status: Int
        let body: String
    }

    func run() async throws -> [Refusal] {
        let form = """
            {"username":"canary.patient","password":"Blue-Kettle-42","email":"canary@example.org","role":"PATIENT",\
            "firstName":"Quillfeather","lastName":"Zumbrota","contactInfo":"+91 9000077731",\
            "illnessDetails":"canary-illness-xylophone"}
            """
        let registered = try await send("POST", "/api/auth/register", form)
        let token = registered.json["accessToken"].string ?? ""
        let doctors = try await send("GET", "/api/doctors?availableOn=\(Self.day)", token: token)
        let doctor = doctors.json["[0].id"].int ?? 0
        let booked = try await send("POST", "/api/appointments/patient/book", booking(doctor, "09:00"), token: token)
        #expect(registered.status == 200)
        #expect(booked.status == 200)

        var refusals: [Refusal] = []
        func refused(_ answer: (status: Int, json: TestResponse)) {
            refusals.append(Refusal(status: answer.status, body: answer.json.text))
        }
        refused(try await send("POST", "/api/auth/register", form))
        refused(try await send("POST", "/api/auth/register", form.replacing("canary.patient", with: "other.canary")))
        refused(try await send("POST", "/api/auth/register", form.replacing("PATIENT", with: "Quillfeather")))
        refused(try await send("POST", "/api/auth/register", form + "canary-illness-xylophone"))
        refused(try await send("POST", "/api/auth/register", form.replacing(#""firstName""#, with: #""lastName""#)))
        refused(try await send("POST", "/api/appointments/patient/book", booking(doctor, "09:00"), token: token))
        refused(try await send("POST", "/api/appointments/patient/book", booking(doctor, "03:33"), token: token))
        refused(
            try await send(
                "POST", "/api/appointments/patient/book", booking(doctor, "canary-reason-marzipan"), token: token))
        refused(
            try await send("GET", "/api/appointments/available-slots?doctorId=Zumbrota&date=Quillfeather", token: token)
        )
        let name = doctors.json["[0].username"].string ?? ""
        for refusal in try await record(registered.json["user.id"].int ?? 0, token, doctor: name) { refused(refusal) }
        return refusals
    }

    /// What doctor and patient write into the record, and every way in which that is refused.
    private func record(
        _ patient: Int, _ token: String, doctor: String
    ) async throws -> [(status: Int, json: TestResponse)] {
        let signedIn = try await send(
            "POST", "/api/auth/login", #"{"username":"\#(doctor)","password":"\#(DemoData.doctorPassword)"}"#)
        let doctorToken = signedIn.json["accessToken"].string ?? ""
        let allergies = "/api/patients/\(patient)/allergies"
        let list = #"[{"substance":"canary-allergy-zither"}]"#
        let entry = """
            {"patientId":\(patient),"visitDate":"2026-01-01","symptoms":"canary-symptoms-kazoo","diagnosis":"Cold",\
            "notes":"canary-notes-lozenge","prescription":[{"medicine":"canary-medicine-dulcimer"}]}
            """
        let written = try await send("POST", "/api/medical-history", entry, token: doctorToken)
        let path = "/api/medical-history/\(written.json["id"].int ?? 0)"
        let changed = try await send("PUT", path, #"{"symptoms":"Cough canary-symptoms-kazoo"}"#, token: doctorToken)
        let amendment = #"{"text":"canary-amendment-gazebo"}"#
        let amended = try await send("POST", "\(path)/amendments", amendment, token: doctorToken)
        #expect(try await send("PUT", allergies, list, token: token).status == 200)
        #expect(written.status == 200)
        #expect(changed.status == 200)
        #expect(amended.status == 201)
        let upload = "/api/patients/\(patient)/upload/medical-document"
        let stored = try await send("POST", upload, file("canary-file-theorbo.pdf"), token: token, type: Self.form)
        #expect(stored.status == 200)
        return [
            try await send("POST", upload, file("../canary-file-theorbo.pdf"), token: token, type: Self.form),
            try await send("POST", "/api/medical-history", entry, token: token),
            try await send(
                "POST", "/api/medical-history", entry.replacing("2026-01-01", with: "9026-01-01"), token: doctorToken),
            try await send(
                "POST", "/api/medical-history", entry.replacing(#""diagnosis""#, with: #""d""#), token: doctorToken),
            try await send("POST", "/api/medical-history", entry + "canary-notes-lozenge", token: doctorToken),
            try await send("PUT", path, #"{"appointmentId":7,"notes":"canary-notes-lozenge"}"#, token: doctorToken),
            try await send("POST", "\(path)/amendments", amendment, token: token),
            try await send(
                "PUT", allergies, list.replacing("zither\"", with: "zither\",\"severity\":\"canary-allergy-zither\""),
                token: token),
        ]
    }

    private static let form = "multipart/form-data; boundary=cut"

    private func file(_ name: String) -> String {
        let content = UploadForm().field("description", "canary-description-spinet").file(
            SampleFiles.pdf(), named: name)
        return String(decoding: content.bytes, as: UTF8.self)
    }

    private static let day = LoadDay.text(daysAhead: 12)

    private func booking(_ doctor: Int, _ time: String) -> String {
        #"{"doctorId":\#(doctor),"appointmentDateTime":"\#(Self.day)T\#(time):00","reason":"canary-reason-marzipan"}"#
    }

    private func send(
        _ method: String, _ path: String, _ body: String = "", token: String? = nil,
        type: String = "application/json"
    ) async throws -> (status: Int, json: TestResponse) {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"]
        if !body.isEmpty { lines += ["Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] }
        if let token { lines.append("Authorization: Bearer \(token)") }
        let answer = try await server.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        let (status, text) = RawConnection.parse(answer)
        return (status, TestResponse(status: status, headers: [:], bytes: Array(text.utf8)))
    }
}
