import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import Documents
import Foundation
import Persistence
import Testing

@testable import CareSyncServer

/// rules/patient-data 12.
@Suite("The secrets of a database")
struct InstallationTests {
    private static let (root, strangeRoot) = (key(1), key(2))
    private static let (first, second) = ("a:\(key(3))", "b:\(key(4))")

    private static func key(_ byte: UInt8) -> String {
        Base64.text([UInt8](repeating: byte, count: 16) + [UInt8](repeating: 99, count: 16))
    }

    private static func installation(root: String = root, ring: String) throws -> Installation {
        let keys = try ServerConfiguration.testing([
            "CARESYNC_ROOT_SECRET": root, "CARESYNC_ENCRYPTION_KEYS": ring,
        ]).keys
        return Installation(keys)
    }

    private static func refusal(_ body: () async throws -> Void) async throws -> String? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.description
        }
    }

    @Test(
        "the first start decides on the root secret; every later one and every look compares it",
        arguments: DatabaseKind.available)
    func root(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let strange = try Self.installation(root: Self.strangeRoot, ring: Self.first)
            // A look decides nothing.
            try await strange.verify(app.database)
            try await Self.installation(ring: Self.first).claim(app.database)
            for _ in 0..<2 {
                let sentence = "CARESYNC_ROOT_SECRET is not the one that this database was made with."
                #expect(try await Self.refusal { try await strange.claim(app.database) } == sentence)
                #expect(try await Self.refusal { try await strange.verify(app.database) } == sentence)
            }
            try await Self.installation(ring: Self.first).claim(app.database)
            let stored: [String] = try await app.database.read { db in
                try db.values("SELECT name || fingerprint FROM installation_keys")
            }
            #expect(stored.count == 2)
            #expect(!stored.contains { $0.contains(Self.root) || $0.contains(Self.key(3)) })
        }
    }

    @Test("a key that wraps something must be there; one that wraps nothing may go", arguments: DatabaseKind.available)
    func missingKey(_ kind: DatabaseKind) async throws {
        let uses: [SQL] = [
            "UPDATE patient_keys SET ring_key = 'a'",
            "UPDATE documents SET ring_key = 'a' WHERE ring_key IS NOT NULL",
        ]
        for use in uses {
            try await withApp(kind) { app in
                let doctor = try await app.registerDoctor()
                _ = try await app.registerPatient()
                _ = try await Self.picture(of: doctor, app)
                let both = try Self.installation(ring: "\(Self.second),\(Self.first)")
                try await app.database.write { db in
                    try db.run("UPDATE patient_keys SET ring_key = 'b'")
                    try db.run("UPDATE documents SET ring_key = 'b' WHERE ring_key IS NOT NULL")
                }
                try await both.claim(app.database)
                let alone = try Self.installation(ring: Self.second)
                try await alone.claim(app.database)
                #expect(try await app.database.write { db in try db.run(use) } > 0)
                #expect(
                    try await Self.refusal { try await alone.claim(app.database) }
                        == "CARESYNC_ENCRYPTION_KEYS lacks the key 'a' that wraps keys of this database.")
                try await both.claim(app.database)
                try await app.database.write { db in
                    try db.run("UPDATE patient_keys SET wrapped = NULL, erased_at = created_at")
                    try db.run("DELETE FROM documents")
                }
                try await alone.claim(app.database)
            }
        }
    }

    private static func picture(of doctor: TestUser, _ app: TestApp) async throws -> Int {
        let form = UploadForm().file(SampleFiles.png, named: "me.png").field("doctorId", "\(doctor.id)")
        let uploaded = try await app.upload("/api/files/upload/profile-image/doctor", as: doctor, form.bytes)
        return try #require(uploaded["id"].int, "\(uploaded.text)")
    }

    @Test(
        "what a key wraps that has gone meanwhile is damaged in a detail, and empty or left out in a list",
        arguments: DatabaseKind.available)
    func goneKey(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (doctor, patient) = (try await app.registerDoctor(), try await app.registerPatient())
            let booked = try await app.send(
                .post, "/api/appointments/patient/book", as: patient,
                body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
            let visit = try #require(booked["appointmentId"].int, "\(booked.text)")
            let picture = try await Self.picture(of: doctor, app)
            try await app.restarted(["CARESYNC_ENCRYPTION_KEYS": Self.second]) { app in
                let list = try await app.get("/api/appointments/doctor/my-patients", as: doctor)
                #expect(list.status == 200, "\(list.text)")
                #expect(list["[0].appointmentId"].int == visit)
                #expect(list["[0].patientName"].isNull && list["[0].reason"].isNull)
                let admin = try await app.admin()
                let details = [
                    try await app.get("/api/appointments/admin/\(visit)", as: admin),
                    try await app.get("/api/patients/\(patient.id)", as: patient),
                    try await app.get("/api/files/view/\(picture)", as: doctor),
                ]
                for detail in details {
                    #expect(detail.status == 500, "\(detail.text)")
                    #expect(detail.problemCode == "DATA_INTEGRITY")
                }
                let pictures = try await app.get("/api/files/doctor/\(doctor.id)", as: doctor)
                #expect(pictures.status == 200, "\(pictures.text)")
                #expect(pictures.json.list.isEmpty)
                #expect(app.logs.text.contains("The key ring has no key 'test'."))
            }
        }
    }

    @Test(
        "another key under a known id is refused, also when nothing is wrapped yet", arguments: DatabaseKind.available)
    func otherKey(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            try await Self.installation(ring: Self.first).claim(app.database)
            let other = try Self.installation(ring: "a:\(Self.key(7))")
            #expect(
                try await Self.refusal { try await other.claim(app.database) }
                    == "The key 'a' of CARESYNC_ENCRYPTION_KEYS is not the one that this database knows by that id.")
        }
    }

    @Test("the keys in use are found by an index", arguments: DatabaseKind.available)
    func plan(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patients = try await QueryPlan.of(
                """
                SELECT ring_key FROM patient_keys WHERE wrapped IS NOT NULL AND ring_key > 'a' ORDER BY ring_key LIMIT 1
                """, in: app.database)
            #expect(patients.uses("patient_keys_ring"), "\(patients)")
            let documents = try await QueryPlan.of(
                """
                SELECT ring_key FROM documents WHERE ring_key IS NOT NULL AND ring_key > 'a' ORDER BY ring_key LIMIT 1
                """, in: app.database)
            #expect(documents.uses("documents_ring_key"), "\(documents)")
        }
    }

    @Test("no command works with other secrets, and `check` and the rotation say so too")
    func commands() async throws {
        let server = try LiveServer()
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        let others = [
            ("CARESYNC_ROOT_SECRET", Self.strangeRoot, "CARESYNC_ROOT_SECRET is not the one"),
            ("CARESYNC_ENCRYPTION_KEYS", Self.first, "CARESYNC_ENCRYPTION_KEYS lacks the key 'dev'"),
            ("CARESYNC_ENCRYPTION_KEYS", "dev:\(Self.key(5))", "The key 'dev' of CARESYNC_ENCRYPTION_KEYS"),
        ]
        let commands = [
            ["serve"], ["worker"], ["seed", "--demo"], ["keys", "rotate"], ["keys", "rotate", "--dry-run"], ["check"],
            ["create-admin", "--username", "head.admin", "--email", "admin@clinic.example"],
        ]
        for (name, value, sentence) in others {
            for command in commands {
                let result = try await server.command(command, environment: [name: value])
                #expect(result.status == 1, "\(command)")
                #expect((result.output + result.errors).contains(sentence), "\(command): \(result.errors)")
            }
        }
        #expect(try await server.command(["check"]).status == 0)
    }
}
