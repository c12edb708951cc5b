import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Foundation
import HTTPTypes
import ObjectStorage
import Persistence
import Testing

@Suite("Reading documents")
struct ReadingTests {
    @Test("those who may read a document do, to everybody else it is unknown", arguments: DatabaseKind.available)
    func readers(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (app, admin) = (archive.app, try await archive.app.admin())
            let report = try await archive.filedID("lab-report")
            let identity = try await archive.filedID("identification")
            for (user, seesReport, seesIdentity) in [
                (archive.patient, true, true), (archive.doctor, true, false), (archive.otherDoctor, false, false),
                (archive.stranger, false, false), (admin, false, false),
            ] {
                for way in ["view", "download"] {
                    #expect(try await (app.get("/api/files/\(way)/\(report)", as: user).status == 200) == seesReport)
                    let answer = try await app.get("/api/files/\(way)/\(identity)", as: user)
                    #expect((answer.status == 200) == seesIdentity)
                    if !seesIdentity { #expect(answer.problemCode == "DOCUMENT_NOT_FOUND") }
                }
            }
            #expect(try await app.get("/api/files/view/\(report)").status == 401)
            let own = try await archive.upload(
                "doctor-document", ["doctorId": "\(archive.doctor.id)", "documentType": "IDENTIFICATION"],
                as: archive.doctor)
            let note = try await archive.upload(
                "doctor-document", ["doctorId": "\(archive.doctor.id)"], as: archive.doctor)
            let (ownID, noteID) = (try #require(own["id"].int), try #require(note["id"].int))
            #expect(try await app.get("/api/files/view/\(ownID)", as: admin).status == 200)
            #expect(try await app.get("/api/files/view/\(noteID)", as: admin).status == 404)
            #expect(try await app.get("/api/files/view/\(noteID)", as: archive.doctor).status == 200)
            #expect(try await app.get("/api/files/view/\(ownID)", as: archive.patient).status == 404)
        }
    }

    @Test("what a browser cannot show safely is an attachment, and every answer says how it may be used")
    func heads() async throws {
        try await withArchive(.sqlite) { archive in
            func head(_ content: [UInt8], _ name: String) async throws -> TestResponse {
                let id = try #require(try await archive.file("lab-report", content, named: name)["id"].int)
                return try await archive.app.get("/api/files/view/\(id)", as: archive.patient)
            }
            let script = SampleFiles.pdf("<< /S /JavaScript /JS (x) >>")
            for (content, name, isInline) in [
                (SampleFiles.pdf(), "a.pdf", true), (SampleFiles.png, "a.png", true), (script, "b.pdf", false),
                (SampleFiles.docx, "a.docx", false), (SampleFiles.doc, "a.doc", false),
            ] {
                let answer = try await head(content, name)
                #expect(answer.bytes == content)
                #expect(answer.header("Content-Disposition")?.hasPrefix(isInline ? "inline;" : "attachment;") == true)
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("Cross-Origin-Resource-Policy") == "cross-origin")
                #expect(answer.header("Cache-Control") == "no-store")
                #expect(answer.header("ETag") == nil)
                let isSandboxed = answer.header("Content-Security-Policy")?.contains("sandbox") == true
                #expect(isSandboxed == (name != "a.pdf"))
            }
            let named = try await head(SampleFiles.pdf(), "a'b; é.pdf")
            #expect(
                named.header("Content-Disposition")
                    == "inline; filename=\"a'b; _.pdf\"; filename*=UTF-8''a%27b%3B%20%C3%A9.pdf")
        }
    }

    @Test("a part is sent where one is asked for", arguments: DatabaseKind.available)
    func ranges(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let content = SampleFiles.pdf(padding: 150_000)
            let id = try #require(try await archive.file("lab-report", content)["id"].int)
            func get(_ range: String) async throws -> TestResponse {
                try await archive.app.get(
                    "/api/files/download/\(id)", as: archive.patient, headers: ["Range": range])
            }
            let size = content.count
            for (field, range) in [
                ("bytes=0-9", 0..<10), ("bytes=70000-140000", 70_000..<140_001), ("bytes=-5", size - 5..<size),
                ("bytes=\(size - 1)-", size - 1..<size), ("bytes=10-99999999", 10..<size),
            ] {
                let answer = try await get(field)
                #expect(answer.status == 206)
                #expect(answer.bytes == Array(content[range]))
                #expect(
                    answer.header("Content-Range") == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
            }
            for field in ["bytes=\(size)-", "bytes=-0"] {
                let answer = try await get(field)
                #expect(answer.status == 416)
                #expect(answer.problemCode == "RANGE_NOT_SATISFIABLE")
                #expect(answer.header("Content-Range") == "bytes */\(content.count)")
            }
            for field in ["bytes=0-1,3-4", "bytes=5-2", "bytes=x-", "lines=0-1"] {
                #expect(try await get(field).bytes == content)
            }
        }
    }

    @Test("a link works without a header for its one document, reader and time", arguments: DatabaseKind.available)
    func links(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let filed = try await archive.file()
            let other = try await archive.filedID()
            let id = try #require(filed["id"].int)
            let (view, download) = (try #require(filed["url"].string), try #require(filed["downloadUrl"].string))
            #expect(try await app.follow(view).bytes == Archive.pdf)
            #expect(try await app.follow(download).header("Content-Disposition")?.hasPrefix("attachment") == true)
            // A token beside it is not looked at.
            #expect(try await app.follow(view, headers: ["Authorization": "Bearer nonsense"]).status == 200)
            #expect(try await app.follow(view, .head).status == 200)
            for altered in [
                view.replacing("/view/", with: "/download/"), view.replacing("/\(id)?", with: "/\(other)?"),
                view.replacing("reader=\(archive.patient.id)", with: "reader=\(archive.doctor.id)"),
                view.replacing(/exp=(\d+)/, with: { "exp=\((Int($0.1) ?? 0) + 1)" }), String(view.dropLast()),
                String(view.dropLast()) + (view.hasSuffix("A") ? "B" : "A"), view + "A",
                view.replacing(/exp=\d+&/, with: ""), view.replacing(/reader=\d+&/, with: ""),
                view.replacing(/sig=.*/, with: "sig="), view.replacing(/sig=.*/, with: "sig=x"),
            ] {
                let answer = try await app.follow(altered)
                #expect(answer.status == 403 || answer.status == 401, "\(altered): \(answer.text)")
            }
            app.time.advance(by: .minutes(59))
            #expect(try await app.follow(view).status == 200)
            app.time.advance(by: .minutes(1))
            #expect(try await app.follow(view).problemCode == "LINK_EXPIRED")
            #expect(try await archive.audited(id).filter { $0 == "READ_PHI" }.count == 5)
        }
    }

    @Test("a link ends with its reader's permission", arguments: DatabaseKind.available)
    func lostPermission(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            let list = try await archive.app.get("/api/files/patient/\(archive.patient.id)", as: archive.doctor)
            let view = try #require(list["[0].url"].string)
            #expect(try await archive.app.follow(view).status == 200)
            try await archive.app.database.write { db in
                _ = try db.run("UPDATE appointments SET status = 'CANCELLED_BY_PATIENT'")
            }
            #expect(try await archive.app.follow(view).problemCode == "DOCUMENT_NOT_FOUND")
            let mine = try #require(
                try await archive.app.get("/api/files/patient/\(archive.patient.id)", as: archive.patient)["[0].url"]
                    .string)
            let (id, admin) = (archive.patient.id, try await archive.app.admin())
            let out = try await archive.app.send(
                .put, "/api/admin/users/\(archive.patient.username)/status?active=false", as: admin, body: "{}")
            #expect(out.status == 200, "\(id): \(out.text)")
            #expect(try await archive.app.follow(mine).status == 404)
        }
    }

    @Test(
        "a damaged object is never given away: at its start 500, later the connection is cut",
        arguments: DatabaseKind.available)
    func damaged(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let content = SampleFiles.pdf(padding: 200_000)
            let id = try #require(try await archive.file("lab-report", content)["id"].int)
            let path = "/api/files/download/\(id)"
            let folder = archive.app.system.configuration.dataDirectory + "/documents"
            let name = try #require(
                FileManager.default.subpaths(atPath: folder)?.first { $0.split(separator: "/").last?.count == 32 })
            let file = URL(fileURLWithPath: folder + "/" + name)
            let stored = Array(try Data(contentsOf: file))
            for place in [0, 70_000, stored.count - 1] {
                var bytes = stored
                bytes[place] ^= 1
                try Data(bytes).write(to: file)
                if place == 0 {
                    let answer = try await archive.app.get(path, as: archive.patient)
                    #expect(answer.status == 500)
                    #expect(answer.problemCode == "DATA_INTEGRITY")
                } else {
                    await #expect(throws: (any Error).self) { try await archive.app.get(path, as: archive.patient) }
                }
            }
            try Data(stored.dropLast(20_000)).write(to: file)
            #expect(try await archive.app.get(path, as: archive.patient).status == 500)
            #expect(archive.app.logs.text.contains("documents.object_name, row \(id)"))
            try Data(stored).write(to: file)
            #expect(try await archive.app.get(path, as: archive.patient).bytes == content)
        }
    }

    @Test("rows whose sealed values were exchanged open nothing", arguments: DatabaseKind.available)
    func exchanged(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (one, two) = (try await archive.filedID(), try await archive.filedID("prescription"))
            for column: SQL in ["wrapped_key", "name", "digest"] {
                try await archive.app.database.write { db in
                    _ = try db.run(
                        """
                        UPDATE documents SET \(column) = (SELECT o.\(column) FROM documents o WHERE o.id = \(two))
                        WHERE id = \(one)
                        """)
                }
                let answer = try await archive.app.get("/api/files/view/\(one)", as: archive.patient)
                #expect(answer.problemCode == "DATA_INTEGRITY")
            }
        }
    }

    @Test("a store that does not answer is 424, and nothing is listed")
    func storeDown() async throws {
        let store = BrokenStore()
        try await withApp(.sqlite, objects: store) { app in
            let patient = try await app.registerPatient()
            let form = UploadForm().file(Archive.pdf, named: "a.pdf").bytes
            let refused = try await app.upload("/api/patients/\(patient.id)/upload/lab-report", as: patient, form)
            #expect(refused.status == 424)
            #expect(refused.problemCode == "STORAGE_UNAVAILABLE")
            #expect(try await app.get("/api/files/patient/\(patient.id)", as: patient).text == "[]")
        }
    }
}

/// A store that never answers.
private struct BrokenStore: ObjectStore {
    func put(_ name: ObjectName, _ content: SpooledFile) async throws { throw StorageError.unavailable("test") }
    func get(_ name: ObjectName, range: Range<Int64>?) async throws -> ObjectContent {
        throw StorageError.unavailable("test")
    }
    func delete(_ name: ObjectName) async throws { throw StorageError.unavailable("test") }
    func list(after: ObjectName?, limit: Int) async throws -> [StoredObject] { throw StorageError.unavailable("test") }
    func probe() async throws { throw StorageError.unavailable("test") }
    func mark() async throws -> String? { throw StorageError.unavailable("test") }
    func setMark(_ text: String) async throws { throw StorageError.unavailable("test") }
}
