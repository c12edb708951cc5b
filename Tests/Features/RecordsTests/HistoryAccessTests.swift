import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Who may see and write histories")
struct HistoryAccessTests {
    private static let reads = ["", "/recent", "/summary", "/with-doctor", "/diagnosis/x"]

    @Test(
        "strangers get 403 for the patient and 404 for the entry, as if it did not exist",
        arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let (doctor, patient) = (
                try await practice.app.registerDoctor(), try await practice.app.registerPatient()
            )
            let admin = try await practice.app.admin()
            for user in [doctor, patient, admin] {
                for path in Self.reads { #expect(try await practice.list(path, as: user).status == 403) }
                let foreign = try await practice.find(id, as: user)
                let unknown = try await practice.find(987_654, as: user)
                #expect(foreign.status == 404)
                #expect(foreign.problemCode == unknown.problemCode)
            }
            #expect(try await practice.write(as: doctor).status == 403)
            #expect(try await practice.update(id, "{}", as: doctor).status == 404)
            let path = "/api/medical-history/\(id)"
            #expect(try await practice.app.delete(path, as: doctor).status == 404)
            #expect(try await practice.app.delete(path, as: admin).status == 404)
            #expect(try await practice.app.get(path + "/versions", as: patient).status == 404)
            let amended = try await practice.app.post(path + "/amendments", as: doctor, json: ["text": "x"])
            #expect(amended.status == 404)
            let unverified = try await practice.app.registerDoctor(verified: false)
            for number in [id, 987_654] {
                #expect(try await practice.find(number, as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
                #expect(try await practice.update(number, "{}", as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
            }
            #expect(try await practice.list(as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
        }
    }

    @Test("a colleague who treats the patient reads and amends, but changes nothing", arguments: DatabaseKind.available)
    func colleague(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let colleague = try await practice.app.registerDoctor(["firstName": "Arun", "lastName": "Rao"])
            let booked = try await practice.app.send(
                .post, "/api/appointments/patient/book", as: practice.patient,
                body: #"{"doctorId":\#(colleague.id),"appointmentDateTime":"2026-03-11T09:00:00"}"#)
            #expect(booked.status == 200, "\(booked.text)")
            #expect(try await practice.find(id, as: colleague).status == 200)
            let changed = try await practice.update(id, #"{"symptoms":"Other"}"#, as: colleague)
            #expect(changed.status == 403)
            #expect(changed.problemCode == "NOT_AUTHOR")
            for path in ["/api/medical-history/\(id)", "/api/patients/medical-history/\(id)"] {
                #expect(try await practice.app.delete(path, as: colleague).status == 403)
            }
            let amended = try await practice.app.post(
                "/api/medical-history/\(id)/amendments", as: colleague, json: ["text": "Seen by me, too"])
            #expect(amended.status == 201)
            #expect(try await practice.find(id)["amendments[0].doctorName"].string == "Arun Rao")
        }
    }

    @Test(
        "with a broken glass a doctor reads and writes, an administrator reads; both under the grant",
        arguments: DatabaseKind.available)
    func brokenGlass(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            let (doctor, admin) = (try await practice.app.registerDoctor(), try await practice.app.admin())
            for user in [doctor, admin] {
                try await practice.breakGlass(user)
                for path in Self.reads { #expect(try await practice.list(path, as: user).status == 200) }
                #expect(try await practice.find(id, as: user).status == 200)
            }
            #expect(try await practice.app.delete("/api/medical-history/\(id)", as: admin).status == 404)
            #expect(try await practice.update(id, "{}", as: doctor).status == 404)
            #expect(try await practice.write(as: doctor).status == 200)
            let lines = try await practice.audited("medical_histories")
            #expect(lines.count { $0.hasPrefix("READ_PHI") && $0.contains("BREAK_GLASS") } == 12)
            #expect(lines.count { $0.hasPrefix("CREATE_PHI") && $0.contains("BREAK_GLASS") } == 1)
        }
    }

    @Test("each access is one line of the log", arguments: DatabaseKind.available)
    func audit(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            _ = try await practice.find(id)
            _ = try await practice.list()
            _ = try await practice.update(id, #"{"notes":"more"}"#)
            _ = try await practice.app.get("/api/medical-history/\(id)/versions", as: practice.patient)
            _ = try await practice.app.delete("/api/medical-history/\(id)", as: practice.doctor)
            #expect(
                try await practice.audited("medical_histories").sorted() == [
                    "CREATE_PHI \(id)", "DELETE_PHI \(id)", "READ_PHI", "READ_PHI \(id)", "READ_PHI \(id)",
                    "UPDATE_PHI \(id)",
                ])
        }
    }

    @Test("who wrote an entry goes on treating the patient", arguments: DatabaseKind.available)
    func author(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let id = try await practice.written()
            try await practice.move("cancel")
            #expect(try await practice.find(id).status == 200)
            let patients = try await practice.app.get(
                "/api/appointments/doctor/unique-patients", as: practice.doctor)
            #expect(patients.json.list.map { $0["id"].int } == [Int(practice.patient.id)])
            #expect(
                try await practice.app.delete("/api/medical-history/\(id)", as: practice.doctor).status == 200)
            // The last tie is gone with it.
            #expect(try await practice.list().status == 403)
            let after = try await practice.app.get(
                "/api/appointments/doctor/unique-patients", as: practice.doctor)
            #expect(after.json.list.isEmpty)
        }
    }
}
