import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import Documents

@Suite("The keys of doctors' documents")
struct DocumentKeyTests {
    private static let newKey = "new:\(Base64.text([UInt8](repeating: 3, count: 32)))"

    /// A rotation to a new key of the ring, beside the one that the tests use.
    private static func rotation(_ archive: Archive) throws -> KeyRotation {
        let old = Base64.text([UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16))
        let ring = try KeyRing(parsing: "\(newKey),test:\(old)")
        return KeyRotation(
            database: archive.app.database,
            vault: PatientVault(ring: ring, random: .system, logger: archive.app.logs.logger), columns: [],
            others: [DocumentKeyRotation(ring: ring, random: .system).rewrap], wait: { _ in }, report: { _ in })
    }

    private static func filed(_ count: Int, _ archive: Archive) async throws -> [Int] {
        var ids: [Int] = []
        for _ in 0..<count {
            let filed = try await archive.upload(
                "doctor-document", ["doctorId": "\(archive.doctor.id)"], as: archive.doctor)
            ids.append(try #require(filed["id"].int, "\(filed.text)"))
        }
        return ids
    }

    @Test("a new key of the ring takes over the keys of doctors' documents", arguments: DatabaseKind.available)
    func rotation(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let ids = try await Self.filed(3, archive)
            let patients: Int = try await archive.app.database.read { db in
                try db.value("SELECT count(*) FROM patient_keys") ?? 0
            }
            let outcome = try await Self.rotation(archive).rewrap()
            #expect(outcome.changed == 3 + patients)
            #expect(outcome.damaged.isEmpty)
            #expect(try await Self.rotation(archive).rewrap().changed == 0)
            try await archive.app.restarted(["CARESYNC_ENCRYPTION_KEYS": Self.newKey]) { app in
                let doctor = try await app.signIn(archive.doctor.username, archive.doctor.password, role: .doctor)
                for id in ids {
                    #expect(try await app.get("/api/files/view/\(id)", as: doctor).bytes == Archive.pdf)
                }
            }
        }
    }

    @Test(
        "a key that does not open is named and stays; those before and behind it are done",
        arguments: DatabaseKind.available)
    func damaged(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let ids = try await Self.filed(3, archive)
            let (damaged, other) = (ids[1], ids[0])
            try await archive.app.database.write { db in
                _ = try db.run(
                    """
                    UPDATE documents SET wrapped_key = (SELECT wrapped_key FROM documents WHERE id = \(other))
                    WHERE id = \(damaged)
                    """)
            }
            let outcome = try await Self.rotation(archive).rewrap()
            #expect(outcome.damaged == ["Integrity failure at documents.wrapped_key, row \(damaged)."])
            #expect(try await archive.rows("ring_key = 'new'") == 2)
            #expect(try await archive.rows("ring_key = 'test' AND id = \(damaged)") == 1)
            // It is named again, and nothing else is left.
            let again = try await Self.rotation(archive).rewrap()
            #expect(again.changed == 0)
            #expect(again.damaged == outcome.damaged)
        }
    }
}
