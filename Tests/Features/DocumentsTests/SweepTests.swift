import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import NIOCore
import ObjectStorage
import Persistence
import Testing

@testable import Documents

@Suite("The sweep of documents")
struct SweepTests {
    /// The next night's run, a day later.
    private static func sweep(_ archive: Archive) async throws {
        try await archive.app.system.documents.scheduleSweep()
        archive.app.time.advance(by: .days(1))
        try await archive.app.runDueWork()
    }

    /// Objects that no row names, as a crash leaves them. They are as old as the computer's clock says.
    private static func plant(_ count: Int, _ archive: Archive) async throws -> [ObjectName] {
        var names: [ObjectName] = []
        for _ in 0..<count {
            let spooled = try SpooledFile(directory: archive.app.system.configuration.dataDirectory + "/spool")
            try await spooled.append(ByteBuffer(string: "left behind by a crash"))
            names.append(ObjectName(random: .system))
            try await archive.app.objects.put(names[names.count - 1], spooled)
        }
        return names
    }

    @Test("a deleted document's bytes stay for a while, then go", arguments: DatabaseKind.available)
    func deleted(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "10"]) { archive in
            let (gone, kept) = (try await archive.filedID(), try await archive.filedID())
            _ = try await archive.app.send(.post, "/api/documents/\(gone)/shares", as: archive.patient, body: "{}")
            #expect(try await archive.app.delete("/api/files/\(gone)", as: archive.patient).status == 200)
            archive.app.time.advance(by: .days(9))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 2)
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
            #expect(try await archive.rows("id = \(gone)") == 0)
            #expect(try await archive.rows("id = \(kept)") == 1)
        }
    }

    @Test(
        "an object that no row names is kept as long as a deleted document, every other one stays",
        arguments: DatabaseKind.available)
    func orphans(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            _ = try await Self.plant(1, archive)
            let planted = TimeSource.system.now
            archive.app.time.set(to: planted + .days(28))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 2)
            archive.app.time.advance(by: .days(1))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
            #expect(try await archive.rows() == 1)
        }
    }

    @Test("what is deleted at once is still kept for a day without a row", arguments: DatabaseKind.available)
    func youngOrphans(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "0"]) { archive in
            _ = try await archive.filedID()
            _ = try await Self.plant(1, archive)
            archive.app.time.set(to: TimeSource.system.now - .hours(1))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 2)
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
        }
    }

    @Test("too many objects without a row stay, all of them, and the log says so", arguments: DatabaseKind.available)
    func tooManyOrphans(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            let names = try await Self.plant(11, archive)
            archive.app.time.set(to: TimeSource.system.now + .days(40))
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 12)
            #expect(archive.app.logs.text.contains("too many objects belong to no document"))
            // A handful is what crashes leave.
            try await archive.app.objects.delete(names[0])
            try await Self.sweep(archive)
            #expect(try await archive.app.objectCount() == 1)
        }
    }

    @Test("no run is due when the program starts", arguments: DatabaseKind.available)
    func firstRun(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "0"]) { archive in
            let id = try await archive.filedID()
            #expect(try await archive.app.delete("/api/files/\(id)", as: archive.patient).status == 200)
            archive.app.time.advance(by: .hours(1))
            try await archive.app.system.documents.scheduleSweep()
            try await archive.app.runDueWork()
            #expect(try await archive.app.objectCount() == 1)
            archive.app.time.advance(by: .hours(15))
            try await archive.app.runDueWork()
            #expect(try await archive.app.objectCount() == 0)
        }
    }
}
