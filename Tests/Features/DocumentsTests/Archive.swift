import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

/// A clinic with a patient, a doctor who treats them, and strangers to both, at 08:00 on 2026-03-10.
struct Archive {
    let app: TestApp
    let patient: TestUser
    let doctor: TestUser
    let stranger: TestUser
    let otherDoctor: TestUser

    static let pdf = SampleFiles.pdf()

    /// Files a document of the patient's.
    func file(
        _ route: String = "lab-report", _ content: [UInt8] = pdf, named name: String = "report.pdf",
        description: String? = nil, as user: TestUser? = nil, key: String? = nil
    ) async throws -> TestResponse {
        var form = UploadForm().file(content, named: name)
        if let description { form = form.field("description", description) }
        return try await app.upload(
            "/api/patients/\(patient.id)/upload/\(route)", as: user ?? patient, form.bytes, key: key)
    }

    func filedID(_ route: String = "lab-report", as user: TestUser? = nil) async throws -> Int {
        let filed = try await file(route, as: user)
        return try #require(filed["id"].int, "\(filed.text)")
    }

    /// By the other family of routes.
    func upload(
        _ route: String, _ fields: [String: String], _ content: [UInt8] = pdf, named name: String = "report.pdf",
        as user: TestUser
    ) async throws -> TestResponse {
        // The published client sends the file first.
        let form = fields.sorted { $0.key < $1.key }.reduce(UploadForm().file(content, named: name)) {
            $0.field($1.key, $1.value)
        }
        return try await app.upload("/api/files/upload/\(route)", as: user, form.bytes)
    }

    func rows(_ condition: SQL = "TRUE") async throws -> Int {
        try await app.database.read { db in
            try db.value("SELECT count(*) FROM documents WHERE \(condition)") ?? -1
        }
    }

    /// Nothing is stored: no row, no object.
    func expectNothingStored() async throws {
        #expect(try await rows() == 0)
        #expect(try await app.objectCount() == 0)
    }

    /// Actions of the audit lines about one document, in the order of the alphabet: lines of one moment have no other.
    func audited(_ id: Int) async throws -> [String] {
        let name = String(id)
        return try await app.database.read { db in
            try db.values(
                "SELECT action FROM audit_log WHERE entity = 'documents' AND entity_id = \(name) ORDER BY action")
        }
    }
}

func withArchive(
    _ kind: DatabaseKind, environment: [String: String] = [:],
    _ body: @escaping @Sendable (Archive) async throws -> Void
) async throws {
    try await withApp(kind, environment: environment) { app in
        let archive = Archive(
            app: app, patient: try await app.registerPatient(), doctor: try await app.registerDoctor(),
            stranger: try await app.registerPatient(), otherDoctor: try await app.registerDoctor())
        let booked = try await app.send(
            .post, "/api/appointments/patient/book", as: archive.patient,
            body: #"{"doctorId":\#(archive.doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
        #expect(booked.status == 200, "\(booked.text)")
        try await body(archive)
    }
}
