import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Scheduling
import Testing

@testable import Documents

@Suite("Documents")
struct DocumentTests {
    private static func ids(_ answer: TestResponse) -> [Int] { answer.json.list.compactMap { $0["id"].int } }

    @Test(
        "lists show the newest first, by type too, with the names both clients read", arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let first = try await archive.filedID("prescription")
            app.time.advance(by: .seconds(1))
            let second = try await archive.filedID("lab-report", as: archive.doctor)
            app.time.advance(by: .seconds(1))
            let third = try await archive.filedID("insurance")
            for base in ["/api/files/patient/\(archive.patient.id)", "/api/patients/\(archive.patient.id)/documents"] {
                #expect(Self.ids(try await app.get(base, as: archive.patient)) == [third, second, first])
                #expect(Self.ids(try await app.get(base, as: archive.doctor)) == [second, first])
                #expect(Self.ids(try await app.get("\(base)/type/lab_report", as: archive.doctor)) == [second])
                #expect(Self.ids(try await app.get("\(base)/type/INSURANCE_DOCUMENT", as: archive.doctor)).isEmpty)
                #expect(try await app.get("\(base)/type/x", as: archive.doctor).status == 400)
                let page = try await app.get("\(base)?page=1&size=1", as: archive.patient)
                #expect(Self.ids(page) == [second])
                #expect(page.header("X-Total-Count") == "3")
                for user in [archive.stranger, archive.otherDoctor] {
                    #expect(try await app.get(base, as: user).status == 403)
                    #expect(try await app.get("\(base)/type/OTHER", as: user).status == 403)
                }
            }
            let row = try await app.get("/api/files/patient/\(archive.patient.id)", as: archive.patient)["[0]"]
            for (one, other) in [
                ("filename", "originalFilename"), ("url", "filePath"), ("url", "cloudinaryUrl"), ("url", "fileUrl"),
            ] { #expect(row[one].string == row[other].string) }
            #expect(row["size"].int == row["fileSize"].int)
            #expect(row["uploadDate"].string == "2026-03-10T08:00:02")
        }
    }

    @Test("the rotation looks at documents that the ring has wrapped only", arguments: DatabaseKind.available)
    func rotationPlan(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let plan = try await QueryPlan.of(
                DocumentKeyRotation.due("k1", after: RingPlace(ringKey: "a", row: 7), 100), in: archive.app.database)
            // On SQLite it reads the index from one end to the other, as the condition is that another key has wrapped it.
            #expect(plan.uses("documents_ring_key"), "\(plan)")
        }
    }

    @Test("a list costs the same number of statements however long it is", arguments: DatabaseKind.available)
    func statements(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (app, count) = (archive.app, StatementCount())
            let (ring, care) = (app.system.configuration.keys.ring, app.system.care)
            let service = DocumentService(
                database: CountingDatabase(app.database, count: count),
                vault: DocumentVault(
                    patients: PatientVault(ring: ring, random: .system, logger: app.logs.logger), ring: ring,
                    random: .system, logger: app.logs.logger),
                access: DocumentAccess(care: { try care.access(of: $0, to: $1, db: $2) }),
                treatedPatients: { "SELECT treated.patient_id FROM (\(care.patients(of: $0))) treated" })
            let reader = Reader(user: archive.doctor.userID, role: .doctor)
            func statements(_ documents: Int) async throws -> Int {
                for _ in 0..<documents { _ = try await archive.filedID() }
                count.reset()
                let list = try await service.list(
                    of: archive.patient.patientID, nil, for: reader, .whole, origin: .system("test"))
                #expect(list.items.count >= documents)
                return count.statements
            }
            _ = try await statements(1)
            #expect(try await statements(1) == statements(5))
        }
    }

    @Test("a doctor's documents are the doctor's and the administrator's", arguments: DatabaseKind.available)
    func ofDoctor(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (app, admin) = (archive.app, try await archive.app.admin())
            let filed = try await archive.upload(
                "doctor-document",
                [
                    "doctorId": "\(archive.doctor.id)", "documentType": "certificate",
                    "description": "Category: Education",
                ],
                as: archive.doctor)
            let id = try #require(filed["id"].int, "\(filed.text)")
            let base = "/api/files/doctor/\(archive.doctor.id)"
            for user in [archive.doctor, admin] {
                #expect(Self.ids(try await app.get(base, as: user)) == [id])
                #expect(Self.ids(try await app.get("\(base)/type/certificate", as: user)) == [id])
                #expect(Self.ids(try await app.get("\(base)/type/OTHER", as: user)).isEmpty)
            }
            for user in [archive.otherDoctor, archive.patient] {
                #expect(try await app.get(base, as: user).status == 403)
            }
            let stored: [[UInt8]] = try await app.database.read { db in
                try db.values("SELECT description FROM documents")
            }
            #expect(stored.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("Education") })
        }
    }

    @Test("recent ones are the doctor's own and those of treated patients", arguments: DatabaseKind.available)
    func recent(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let old = try await archive.filedID()
            app.time.advance(by: .days(10))
            let (patient, doctor, other) = (
                try await app.signIn(archive.patient.username, archive.patient.password, role: .patient),
                try await app.signIn(archive.doctor.username, archive.doctor.password, role: .doctor),
                try await app.signIn(archive.otherDoctor.username, archive.otherDoctor.password, role: .doctor)
            )
            let report = try await archive.filedID(as: patient)
            _ = try await archive.filedID("identification", as: patient)
            let own = try await archive.upload("doctor-document", ["doctorId": "\(doctor.id)"], as: doctor)
            let ownID = try #require(own["id"].int, "\(own.text)")
            #expect(Set(Self.ids(try await app.get("/api/files/recent", as: doctor))) == [report, ownID])
            #expect(Set(Self.ids(try await app.get("/api/files/recent?days=30", as: doctor))) == [report, ownID, old])
            #expect(try await app.get("/api/files/recent", as: other).text == "[]")
            #expect(try await app.get("/api/files/recent", as: patient).status == 403)
            for days in ["0", "91", "-1", "x"] {
                #expect(try await app.get("/api/files/recent?days=\(days)", as: doctor).status == 400)
            }
        }
    }

    @Test("who filed a document describes it; others are refused", arguments: DatabaseKind.available)
    func describes(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID("lab-report", as: archive.doctor)
            func describe(_ query: String, _ user: TestUser) async throws -> TestResponse {
                try await archive.app.send(.put, "/api/files/\(id)/description\(query)", as: user, body: "{}")
            }
            #expect(
                try await describe("?description=Blood%20test", archive.doctor)["description"].string == "Blood test")
            #expect(try await describe("?description=", archive.doctor)["description"].isNull)
            #expect(try await describe("", archive.doctor).fieldErrors == ["description"])
            #expect(
                try await describe("?description=" + String(repeating: "x", count: 501), archive.doctor).status == 400)
            // The patient may read it, but did not file it.
            #expect(try await describe("?description=x", archive.patient).status == 403)
            for user in [archive.stranger, archive.otherDoctor] {
                #expect(try await describe("?description=x", user).problemCode == "DOCUMENT_NOT_FOUND")
            }
            #expect(try await archive.audited(id) == ["CREATE_PHI", "UPDATE_PHI", "UPDATE_PHI"])
        }
    }

    @Test("a deleted document is gone for everybody at once", arguments: DatabaseKind.available)
    func deletes(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let id = try await archive.filedID()
            let list = try await app.get("/api/files/patient/\(archive.patient.id)", as: archive.doctor)
            let link = try #require(list["[0].url"].string)
            #expect(try await app.delete("/api/files/\(id)", as: archive.doctor).status == 403)
            #expect(try await app.delete("/api/files/\(id)", as: archive.stranger).status == 404)
            #expect(try await app.delete("/api/files/\(id)", as: archive.patient)["message"].string != nil)
            #expect(try await app.delete("/api/files/\(id)", as: archive.patient).status == 404)
            #expect(try await app.get("/api/files/view/\(id)", as: archive.patient).status == 404)
            #expect(try await app.follow(link).status == 404)
            #expect(try await app.get("/api/files/patient/\(archive.patient.id)", as: archive.patient).text == "[]")
            let filed = try await archive.filedID("prescription", as: archive.doctor)
            #expect(try await app.delete("/api/files/\(filed)", as: archive.patient).status == 403)
        }
    }

    @Test("an erased patient's documents can no longer be opened", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID()
            try await archive.app.database.write { [patient = archive.patient.id] db in
                _ = try db.run(
                    "UPDATE patient_keys SET wrapped = NULL, erased_at = created_at WHERE patient_id = \(patient)")
            }
            // New memory, in which no key is left.
            try await archive.app.restarted([:]) { app in
                #expect(try await app.get("/api/files/view/\(id)", as: archive.doctor).status == 404)
                let list = try await app.get("/api/files/patient/\(archive.patient.id)", as: archive.doctor)
                #expect(list.text == "[]")
                let form = UploadForm().file(Archive.pdf, named: "a.pdf").bytes
                let refused = try await app.upload(
                    "/api/patients/\(archive.patient.id)/upload/prescription", as: archive.doctor, form)
                #expect(refused.problemCode == "PATIENT_INACTIVE")
                #expect(try await app.objectCount() == 1)
            }
        }
    }
}
