import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Pictures and certificates of profiles")
struct ProfileImageTests {
    @Test(
        "a patient's picture stands in the profile under an address that needs no sign-in",
        arguments: DatabaseKind.available)
    func patient(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let photograph = SampleFiles.cameraJPEG()
            let first = try await archive.upload(
                "profile-image/patient", ["patientId": "\(archive.patient.id)"], photograph, named: "me.jpg",
                as: archive.patient)
            #expect(first.status == 200, "\(first.text)")
            let url = try #require(first["imageUrl"].string)
            #expect(try await Self.image("patients", archive.patient.id, app) == url)
            let shown = try await app.follow(url)
            #expect(shown.status == 200)
            #expect(shown.header("Content-Type") == "image/jpeg")
            #expect(Data(shown.bytes).range(of: Data("secret".utf8)) == nil)
            #expect(shown.bytes.suffix(100) == photograph.suffix(100))
            // The address stays the same, and shows in lists as it stands in the profile.
            let listed = try await app.get("/api/patients/\(archive.patient.id)/profile-image", as: archive.doctor)
            #expect(listed["[0].url"].string == url)
            #expect(try await app.get("/api/files/view/\(first["id"].int ?? 0)", as: archive.stranger).status == 200)

            let second = try await archive.file("profile-image", SampleFiles.png, named: "me.png")
            let newURL = try #require(second["url"].string, "\(second.text)")
            #expect(newURL != url)
            #expect(try await Self.image("patients", archive.patient.id, app) == newURL)
            #expect(try await app.follow(url).status == 404)
            #expect(try await app.follow(newURL).bytes == SampleFiles.png)
            let tampered = String(newURL.dropLast(2)) + "AA"
            #expect(try await app.follow(tampered).problemCode == "LINK_INVALID")

            #expect(try await app.delete("/api/files/\(second["id"].int ?? 0)", as: archive.patient).status == 200)
            #expect(try await Self.image("patients", archive.patient.id, app) == nil)
            #expect(try await app.follow(newURL).status == 404)
        }
    }

    private static func image(_ table: SQL, _ id: Int64, _ app: TestApp) async throws -> String? {
        try await app.database.read { db in
            let url: String?? = try db.value("SELECT profile_image_url FROM \(table) WHERE id = \(id)")
            return url ?? nil
        }
    }

    @Test("a doctor's picture is what lists and the public page show", arguments: DatabaseKind.available)
    func doctor(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            for (content, name) in [(SampleFiles.gif, "me.gif"), (SampleFiles.webp, "me.webp")] {
                let stored = try await archive.upload(
                    "profile-image/doctor", ["doctorId": "\(archive.doctor.id)"], content, named: name,
                    as: archive.doctor)
                let url = try #require(stored["url"].string, "\(stored.text)")
                let page = try await archive.app.get("/api/doctors/public/\(archive.doctor.username)")
                #expect(page["profileImageUrl"].string == url)
                #expect(try await archive.app.follow(url).bytes == content)
            }
            #expect(try await archive.rows("document_type = 'PROFILE_IMAGE' AND deleted_at IS NULL") == 1)
            for (content, name) in [(SampleFiles.pdf(), "me.pdf"), (SampleFiles.docx, "me.docx")] {
                let refused = try await archive.upload(
                    "profile-image/doctor", ["doctorId": "\(archive.doctor.id)"], content, named: name,
                    as: archive.doctor)
                #expect(refused.problemCode == "UNSUPPORTED_FILE_TYPE")
            }
        }
    }

    @Test("the file of a certificate makes one, and takes another one's place", arguments: DatabaseKind.available)
    func certificate(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let made = try await archive.upload(
                "certificate", ["doctorId": "\(archive.doctor.id)", "description": "MD"], named: "board.pdf",
                as: archive.doctor)
            let certificate = try #require(made["certificateId"].int, "\(made.text)")
            let url = try #require(made["cloudinaryUrl"].string)
            #expect(try await Self.certificate(certificate, app) == ["board.pdf", "MD", url])
            #expect(try await app.follow(url).bytes == Archive.pdf)
            let profile = try await app.get("/api/doctors/public/\(archive.doctor.username)")
            #expect(profile["certificates[0].url"].string == url)
            #expect(
                try await app.delete("/api/files/\(made["id"].int ?? 0)", as: archive.doctor).problemCode
                    == "DOCUMENT_IN_USE")

            let replaced = try await archive.upload(
                "certificate", ["doctorId": "\(archive.doctor.id)", "certificateId": "\(certificate)"],
                SampleFiles.png, named: "board.png", as: archive.doctor)
            #expect(replaced["certificateId"].int == certificate)
            let newURL = try #require(replaced["url"].string)
            #expect(try await Self.certificate(certificate, app) == ["board.pdf", "MD", newURL])
            #expect(try await app.follow(url).status == 404)
            #expect(try await app.follow(newURL).bytes == SampleFiles.png)

            // Without its certificate nobody finds it any longer but the doctor.
            try await app.database.write { db in _ = try db.run("DELETE FROM doctor_certificates") }
            #expect(try await app.follow(newURL).status == 404)
            let id = try #require(replaced["id"].int)
            #expect(try await app.get("/api/files/view/\(id)", as: archive.doctor).status == 200)
            #expect(try await app.delete("/api/files/\(id)", as: archive.doctor).status == 200)
        }
    }

    private static func certificate(_ id: Int, _ app: TestApp) async throws -> [String] {
        try await app.database.read { db in
            var texts: [String] = []
            try db.query("SELECT name, details, url FROM doctor_certificates WHERE id = \(id)") { row in
                texts = [try row.value("name"), try row.value("details"), try row.value("url")]
            }
            return texts
        }
    }

    @Test("another doctor's certificate is unknown, and nothing is stored", arguments: DatabaseKind.available)
    func foreignCertificate(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let made = try await archive.upload(
                "certificate", ["doctorId": "\(archive.otherDoctor.id)"], as: archive.otherDoctor)
            let certificate = try #require(made["certificateId"].int)
            for id in [certificate, 999_999] {
                let refused = try await archive.upload(
                    "certificate", ["doctorId": "\(archive.doctor.id)", "certificateId": "\(id)"], as: archive.doctor)
                #expect(refused.status == 404)
                #expect(refused.problemCode == "CERTIFICATE_NOT_FOUND")
            }
            #expect(try await archive.rows() == 1)
            #expect(try await archive.app.objectCount() == 1)
        }
    }

    @Test("of two pictures at the same time one stays", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await archive.file("profile-image", SampleFiles.png, named: "me.png").status }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await archive.rows("deleted_at IS NULL") == 1)
            let url = try await Self.image("patients", archive.patient.id, archive.app)
            #expect(try await archive.app.follow(url).status == 200)
        }
    }
}
