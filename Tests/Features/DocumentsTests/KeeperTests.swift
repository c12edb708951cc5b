import CareSyncCore
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import Documents

@Suite("Who keeps a patient's documents")
struct KeeperTests {
    private static func change(_ id: Int, _ archive: Archive, as user: TestUser) async throws -> [Int] {
        let described = try await archive.app.send(
            .put, "/api/files/\(id)/description?description=x", as: user, body: "{}")
        return [described.status, try await archive.app.delete("/api/files/\(id)", as: user).status]
    }

    @Test(
        "who filed a document and may no longer see the patient changes nothing of it",
        arguments: DatabaseKind.available)
    func noLongerTreating(_ kind: DatabaseKind) async throws {
        for ending: SQL in [
            "UPDATE doctors SET is_verified = FALSE", "UPDATE appointments SET status = 'CANCELLED_BY_PATIENT'",
        ] {
            try await withArchive(kind) { archive in
                let id = try await archive.filedID("prescription", as: archive.doctor)
                try await archive.app.database.write { db in _ = try db.run(ending) }
                #expect(try await Self.change(id, archive, as: archive.doctor) == [404, 404])
                #expect(try await archive.rows("deleted_at IS NULL") == 1)
            }
        }
        try await withArchive(kind) { archive in
            let id = try await archive.filedID("prescription", as: archive.doctor)
            #expect(try await Self.change(id, archive, as: archive.doctor) == [200, 200])
        }
    }

    @Test("a broken glass lets its doctor change what they filed, until it closes", arguments: DatabaseKind.available)
    func brokenGlass(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (app, doctor) = (archive.app, archive.otherDoctor)
            let opened = try await app.send(
                .post, "/api/break-glass", as: doctor,
                body: #"{"patientId":\#(archive.patient.id),"reason":"Unconscious after a fall"}"#)
            #expect(opened.status == 200, "\(opened.text)")
            let ids = [
                try await archive.filedID("prescription", as: doctor),
                try await archive.filedID("prescription", as: doctor),
            ]
            #expect(try await Self.change(ids[0], archive, as: doctor) == [200, 200])
            let name = String(ids[0])
            let reasons: [String] = try await app.database.read { db in
                try db.values(
                    """
                    SELECT reason FROM audit_log
                    WHERE entity = 'documents' AND entity_id = \(name) AND reason IS NOT NULL
                    """)
            }
            #expect(reasons.count == 3)
            app.time.advance(by: .minutes(61))
            let later = try await app.signIn(doctor.username, doctor.password, role: .doctor)
            #expect(try await Self.change(ids[1], archive, as: later) == [404, 404])
        }
    }

    /// Copies of a document, of which nothing is opened.
    private static func multiply(_ id: Int, by count: Int64, _ archive: Archive) async throws {
        try await archive.app.database.write { db in
            _ = try db.run(
                """
                INSERT INTO documents (id, patient_id, document_type, content_type, is_active_content, name, digest, size,
                                       object_name, wrapped_key, is_public, uploaded_by, uploader_role, created_at,
                                       updated_at)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                SELECT 1000000 + n.i, d.patient_id, d.document_type, d.content_type, d.is_active_content, d.name,
                       d.digest, d.size, CAST(n.i AS \(db.dialect.text)), d.wrapped_key, d.is_public, d.uploaded_by,
                       d.uploader_role, d.created_at, d.updated_at
                FROM documents d CROSS JOIN n WHERE d.id = \(id)
                """)
        }
    }

    @Test(
        "a patient's full store takes what doctors file, and further documents once some are deleted",
        arguments: DatabaseKind.available)
    func full(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID()
            try await Self.multiply(id, by: DocumentSettings.mostDocuments - 1, archive)
            let refused = try await archive.file()
            #expect(refused.status == 409)
            #expect(refused.problemCode == "STORAGE_FULL")
            #expect(try await archive.file("prescription", as: archive.doctor).status < 300)
            #expect(try await archive.app.delete("/api/files/\(id)", as: archive.patient).status == 200)
            #expect(try await archive.file().status < 300)
            #expect(try await archive.file().problemCode == "STORAGE_FULL")
        }
    }

    @Test("what an owner has is counted from an index", arguments: DatabaseKind.available)
    func plan(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let patient = DocumentRepository.usage(of: .patient(PatientID(7)), filedBy: .patient)
            let plan = try await QueryPlan.of(patient, in: archive.app.database)
            #expect(plan.uses("documents_patient_size"), "\(plan)")
        }
    }
}
