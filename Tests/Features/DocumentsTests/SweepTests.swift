import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Foundation
import HTTPTypes
import NIOCore
import ObjectStorage
import Persistence
import Testing

@testable import Documents

@Suite("The sweep of documents")
struct SweepTests {
    private static func sweep(_ archive: Archive) async throws {
        try await archive.app.system.documents.scheduleSweep()
        try await archive.app.runDueWork()
    }

    @Test("a deleted document's bytes stay for a while, then go", arguments: DatabaseKind.available)
    func deleted(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "10"]) { archive in
            let (gone, kept) = (try await archive.filedID(), try await archive.filedID())
            _ = try await archive.app.send(.post, "/api/documents/\(gone)/shares", as: archive.patient, body: "{}")
            #expect(try await archive.app.delete("/api/files/\(gone)", as: archive.patient).status == 200)
            archive.app.time.advance(by: .days(10))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 2)
            archive.app.time.advance(by: .days(1))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
            #expect(try await archive.rows("id = \(gone)") == 0)
            #expect(try await archive.rows("id = \(kept)") == 1)
        }
    }

    @Test("an object that no row names goes after a day, every other one stays", arguments: DatabaseKind.available)
    func orphans(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            let spooled = try SpooledFile(directory: archive.app.system.configuration.dataDirectory + "/spool")
            try await spooled.append(ByteBuffer(string: "left behind by a crash"))
            let orphan = ObjectName(random: .system)
            try await archive.app.objects.put(orphan, spooled)
            // Objects are as old as the computer's clock says, which is far ahead of the test's.
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 2)
            archive.app.time.advance(by: .days(20_000))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
            #expect(try await archive.rows() == 1)
        }
    }

    @Test("a new key of the ring takes over the keys of doctors' documents", arguments: DatabaseKind.available)
    func rotation(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            var ids: [Int] = []
            for _ in 0..<3 {
                let filed = try await archive.upload(
                    "doctor-document", ["doctorId": "\(archive.doctor.id)"], as: archive.doctor)
                ids.append(try #require(filed["id"].int))
            }
            let old = Base64.text([UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16))
            let new = Base64.text([UInt8](repeating: 3, count: 32))
            let ring = try KeyRing(parsing: "new:\(new),test:\(old)")
            let rotation = DocumentKeyRotation(ring: ring, random: .system)
            var counts: [Int] = []
            repeat {
                counts.append(try await archive.app.database.write { db in try rotation.rewrap(limit: 2, db) })
            } while counts.last != 0
            #expect(counts == [2, 1, 0])
            try await archive.app.restarted(["CARESYNC_ENCRYPTION_KEYS": "new:\(new)"]) { [ids] app in
                let doctor = try await app.signIn(archive.doctor.username, archive.doctor.password, role: .doctor)
                for id in ids {
                    #expect(try await app.get("/api/files/view/\(id)", as: doctor).bytes == Archive.pdf)
                }
            }
        }
    }
}
