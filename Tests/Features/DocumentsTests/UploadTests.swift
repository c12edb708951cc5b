import CareSyncTesting
import Foundation
import HTTPTypes
import ObjectStorage
import Persistence
import Testing

@Suite("Uploads")
struct UploadTests {
    @Test("what a patient files comes back byte for byte, and is stored sealed", arguments: DatabaseKind.available)
    func roundTrip(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let content = SampleFiles.pdf(padding: 200_000)
            let filed = try await archive.file("lab-report", content, named: "ज़ांच.pdf", description: "blood-test")
            #expect(filed.status == 200, "\(filed.text)")
            #expect(filed["filename"].string == "ज़ांच.pdf")
            #expect(filed["contentType"].string == "application/pdf")
            #expect(filed["documentType"].string == "LAB_REPORT")
            #expect(filed["description"].string == "blood-test")
            #expect(filed["size"].int == content.count)
            #expect(filed["url"].string == filed["cloudinaryUrl"].string)
            let id = try #require(filed["id"].int)
            let read = try await archive.app.get("/api/files/download/\(id)", as: archive.patient)
            #expect(read.bytes == content)
            #expect(read.header("Content-Type") == "application/pdf")
            #expect(read.header("Content-Length") == String(content.count))

            let objects = try await archive.app.objects.list(after: nil, limit: 10)
            #expect(objects.count == 1)
            let texts: [[UInt8]] = try await archive.app.database.read { db in
                try db.values("SELECT name FROM documents UNION ALL SELECT description FROM documents")
            }
            for text in texts { #expect(!String(decoding: text, as: UTF8.self).contains("blood")) }
            #expect(try await archive.audited(id) == ["CREATE_PHI", "READ_PHI"])
        }
    }

    @Test("every kind of document is taken under its own name", arguments: DatabaseKind.available)
    func kinds(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let files = [
                ("a.pdf", SampleFiles.pdf()), ("a.doc", SampleFiles.doc), ("a.docx", SampleFiles.docx),
                ("a.jpg", SampleFiles.jpeg), ("a.png", SampleFiles.png), ("a.webp", SampleFiles.webp),
            ]
            for (name, content) in files {
                let filed = try await archive.file("prescription", content, named: name)
                #expect(filed.status == 200, "\(name): \(filed.text)")
            }
            #expect(try await archive.rows("document_type = 'PRESCRIPTION'") == files.count)
        }
    }

    private static let refused: [(String, String, [UInt8])] = [
        ("UNSUPPORTED_FILE_TYPE", "a.svg", Array(#"<svg xmlns="http://www.w3.org/2000/svg"/>"#.utf8)),
        ("UNSUPPORTED_FILE_TYPE", "a.pdf", Array("<html><script>alert(1)</script>".utf8)),
        ("UNSUPPORTED_FILE_TYPE", "a.pdf", Array("MZ".utf8) + [UInt8](repeating: 0, count: 100)),
        ("UNSUPPORTED_FILE_TYPE", "a.txt", Array("text".utf8)),
        ("UNSUPPORTED_FILE_TYPE", "a.png", SampleFiles.pdf()),
        ("UNSUPPORTED_FILE_TYPE", "a.html", SampleFiles.png),
        ("UNSUPPORTED_FILE_TYPE", "a.gif", SampleFiles.gif),
        ("UNSUPPORTED_FILE_TYPE", "a.pdf", SampleFiles.pdf() + SampleFiles.docx),
        ("UNSUPPORTED_FILE_TYPE", "a.jpg", SampleFiles.jpeg + SampleFiles.docx),
        (
            "UNSUPPORTED_FILE_TYPE", "a.docx",
            SampleFiles.zip(SampleFiles.docxEntries + [SampleFiles.Entry("word/bomb.xml", claimed: 1 << 30)])
        ),
        ("EMPTY_FILE", "a.pdf", []),
        ("INVALID_ARGUMENT", "../a.pdf", SampleFiles.pdf()), ("INVALID_ARGUMENT", "..\\a.pdf", SampleFiles.pdf()),
        ("INVALID_ARGUMENT", "a/b.pdf", SampleFiles.pdf()), ("INVALID_ARGUMENT", "..", SampleFiles.pdf()),
        ("INVALID_ARGUMENT", "fdp.\u{202E}gpj.pdf", SampleFiles.pdf()), ("INVALID_ARGUMENT", "", SampleFiles.pdf()),
        ("INVALID_ARGUMENT", "a\u{200B}.pdf", SampleFiles.pdf()),
        ("INVALID_ARGUMENT", String(repeating: "n", count: 252) + ".pdf", SampleFiles.pdf()),
        ("MALFORMED_REQUEST", "a\u{0}.pdf", SampleFiles.pdf()), ("MALFORMED_REQUEST", "a\u{1B}.pdf", SampleFiles.pdf()),
    ]

    @Test(
        "a file of another kind or with a wrong name is refused, and nothing is stored",
        arguments: DatabaseKind.available)
    func refusals(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            for (code, name, content) in Self.refused {
                let answer = try await archive.file("lab-report", content, named: name)
                #expect(answer.status == 400, "\(name)")
                #expect(answer.problemCode == code, "\(name): \(answer.text)")
                let other = try await archive.upload(
                    "doctor-document", ["doctorId": "\(archive.doctor.id)"], content, named: name, as: archive.doctor)
                #expect(other.problemCode == code, "\(name): \(other.text)")
            }
            try await archive.expectNothingStored()
        }
    }

    @Test(
        "a form that is not one, or is broken off, or has no end of parts, is refused",
        arguments: DatabaseKind.available)
    func brokenForms(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (path, patient) = ("/api/patients/\(archive.patient.id)/upload/lab-report", archive.patient)
            func send(_ bytes: [UInt8], _ type: String = "multipart/form-data; boundary=cut") async throws
                -> TestResponse
            {
                try await archive.app.upload(path, as: patient, bytes, contentType: type)
            }
            let whole = UploadForm().file(Archive.pdf, named: "a.pdf").field("description", "x").bytes
            for part in [0, 10, 100, whole.count / 2, whole.count - 10] {
                #expect(try await send(Array(whole.prefix(part))).status == 400)
            }
            #expect(try await send(whole, "application/json").status == 415)
            #expect(try await send(whole, "text/plain").problemCode == "UNSUPPORTED_MEDIA_TYPE")
            let parts = (0..<10_000).reduce(into: UploadForm().file(Archive.pdf, named: "a.pdf").bytes.dropLast(9)) {
                $0 += Array("--cut\r\nContent-Disposition: form-data; name=\"f\($1)\"\r\n\r\nx\r\n".utf8)
            }
            #expect(try await send(parts + Array("--cut--\r\n".utf8)).status == 400)
            let none = try await send(UploadForm().field("description", "x").bytes)
            #expect(none.status == 400)
            #expect(none.fieldErrors == ["file"])
            let two = UploadForm().file(Archive.pdf, named: "a.pdf").file(Archive.pdf, named: "b.pdf", field: "more")
            #expect(try await send(two.bytes).problemCode == "INVALID_ARGUMENT")
            let long = String(repeating: "x", count: 501)
            #expect(try await archive.file(description: long).fieldErrors == ["description"])
            #expect(try await archive.file(description: String(repeating: "x", count: 5_000)).status == 413)
            try await archive.expectNothingStored()
        }
    }

    @Test("beyond the configured size a file is refused, announced or not", arguments: DatabaseKind.available)
    func tooLarge(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_UPLOAD_LIMIT": "1"]) { archive in
            let most = SampleFiles.pdf(padding: (1 << 20) - SampleFiles.pdf().count - 6)
            let fits = try await archive.file("lab-report", most)
            #expect(fits.status == 200, "\(fits.text)")
            for size in [(1 << 20) + 1, 2 << 20] {
                let answer = try await archive.file("lab-report", SampleFiles.pdf(padding: size))
                #expect(answer.status == 413)
                #expect(answer.problemCode == "FILE_TOO_LARGE")
            }
            #expect(try await archive.rows() == 1)
            #expect(try await archive.app.objectCount() == 1)
        }
    }

    @Test("a repeated upload is stored once and answered alike", arguments: DatabaseKind.available)
    func repeated(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let first = try await archive.file(key: "once")
            let second = try await archive.file(key: "once")
            #expect(first.status == 200, "\(first.text)")
            #expect(second.bytes == first.bytes)
            let id = try #require(first["id"].int)
            #expect(try await archive.app.get("/api/files/view/\(id)", as: archive.patient).bytes == Archive.pdf)
            #expect(try await archive.rows() == 1)
            #expect(try await archive.app.objectCount() == 1)
            let other = try await archive.file("lab-report", SampleFiles.png, named: "a.png", key: "once")
            #expect(other.status == 422)
            #expect(try await archive.app.objectCount() == 1)
        }
    }

    @Test("who may not file for a person is refused, and nothing is stored", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let unverified = try await archive.app.registerDoctor(verified: false)
            for route in ["medical-document", "prescription", "lab-report"] {
                #expect(try await archive.file(route, as: archive.stranger).status == 403)
                #expect(try await archive.file(route, as: archive.otherDoctor).problemCode == "ACCESS_DENIED")
                #expect(try await archive.file(route, as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
            }
            for route in ["insurance", "identification", "profile-image"] {
                #expect(try await archive.file(route, as: archive.doctor).status == 403)
            }
            let (patient, doctor) = ("\(archive.patient.id)", "\(archive.doctor.id)")
            let denied = [
                try await archive.upload("medical-document", ["patientId": patient], as: archive.otherDoctor),
                try await archive.upload(
                    "medical-document", ["patientId": patient, "documentType": "identification"], as: archive.doctor),
                try await archive.upload("doctor-document", ["doctorId": doctor], as: archive.otherDoctor),
                try await archive.upload("certificate", ["doctorId": doctor], as: archive.otherDoctor),
                try await archive.upload(
                    "profile-image/doctor", ["doctorId": doctor], SampleFiles.png, named: "a.png",
                    as: archive.otherDoctor),
                try await archive.upload(
                    "profile-image/patient", ["patientId": patient], SampleFiles.png, named: "a.png",
                    as: archive.stranger),
                try await archive.upload(
                    "lab-report", ["patientId": patient, "bookingId": "7"], as: archive.stranger),
            ]
            for answer in denied { #expect(answer.status == 403, "\(answer.text)") }
            try await archive.expectNothingStored()
        }
    }

    @Test("a treating doctor files for the patient, in both families", arguments: DatabaseKind.available)
    func treating(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            #expect(try await archive.file("prescription", as: archive.doctor).status == 200)
            // Older clients put fields into the query.
            let query = try await archive.file("prescription?description=from%20the%20query", as: archive.doctor)
            #expect(query["description"].string == "from the query")
            let filed = try await archive.upload(
                "medical-document", ["patientId": "\(archive.patient.id)", "documentType": "lab_report"],
                as: archive.doctor)
            #expect(filed["documentType"].string == "LAB_REPORT")
            let image = try await archive.upload(
                "medical-document", ["patientId": "\(archive.patient.id)", "documentType": "PROFILE_IMAGE"],
                as: archive.doctor)
            #expect(image.fieldErrors == ["documentType"])
        }
    }

    @Test("a report of a booking nobody knows is not filed", arguments: DatabaseKind.available)
    func labReport(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let fields = ["patientId": "\(archive.patient.id)", "bookingId": "7"]
            #expect(
                try await archive.upload("lab-report", fields, as: archive.patient).problemCode == "BOOKING_NOT_FOUND")
            #expect(try await archive.upload("lab-report", fields, as: archive.doctor).status == 404)
            try await archive.expectNothingStored()
        }
    }

    @Test("an owner's documents have a bound", arguments: DatabaseKind.available)
    func full(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            try await archive.app.database.write { db in
                _ = try db.run("UPDATE documents SET size = \(Int64(2) << 30)")
            }
            #expect(try await archive.file().problemCode == "STORAGE_FULL")
            #expect(try await archive.app.objectCount() == 1)
        }
    }
}
