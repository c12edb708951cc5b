import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Foundation
import HTTPTypes
import ObjectStorage
import Persistence
import Testing

@testable import Documents

@Suite("Whose store it is")
struct StoreOwnershipTests {
    private static func folder(_ archive: Archive) -> String {
        archive.app.system.configuration.dataDirectory + "/documents"
    }

    private static func sweep(_ app: TestApp) async throws {
        try await app.system.documents.scheduleSweep()
        app.time.advance(by: .days(1))
        try await app.runDueWork()
    }

    private static func expectUnavailable(_ id: Int, _ archive: Archive) async throws {
        let read = try await archive.app.get("/api/files/view/\(id)", as: archive.patient)
        #expect(read.problemCode == "STORAGE_UNAVAILABLE", "\(read.text)")
        #expect(read.status == 424)
        let filed = try await archive.file()
        #expect(filed.problemCode == "STORAGE_UNAVAILABLE", "\(filed.text)")
    }

    @Test("a folder that is not mounted is unavailable, and is not made again", arguments: DatabaseKind.available)
    func unmounted(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID()
            let folder = Self.folder(archive)
            try FileManager.default.moveItem(atPath: folder, toPath: folder + ".away")
            try await Self.expectUnavailable(id, archive)
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(try await archive.rows() == 1)
            // The empty folder that a disk is mounted on.
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try await Self.expectUnavailable(id, archive)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.moveItem(atPath: folder + ".away", toPath: folder)
            #expect(try await archive.app.get("/api/files/view/\(id)", as: archive.patient).bytes == Archive.pdf)
            #expect(try await archive.file().status < 300)
        }
    }

    @Test("another database reads, adds and removes nothing", arguments: DatabaseKind.available)
    func foreign(_ kind: DatabaseKind) async throws {
        try await withArchive(kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "0"]) { archive in
            let id = try await archive.filedID()
            try await withApp(
                kind, environment: ["CARESYNC_DELETED_DOCUMENTS_DAYS": "0"], objects: archive.app.objects
            ) { app in
                let patient = try await app.registerPatient()
                let form = UploadForm().file(Archive.pdf, named: "a.pdf").bytes
                let refused = try await app.upload("/api/patients/\(patient.id)/upload/lab-report", as: patient, form)
                #expect(refused.problemCode == "STORAGE_UNAVAILABLE")
                app.time.set(to: TimeSource.system.now + .days(40))
                try await Self.sweep(app)
                #expect(app.logs.text.contains("belongs to another installation"))
                #expect(try await app.objectCount() == 1)
                await #expect(throws: StorageError.self) {
                    try await DocumentsFeature.isMarked(app.objects, of: app.database)
                }
            }
            #expect(try await DocumentsFeature.isMarked(archive.app.objects, of: archive.app.database))
            #expect(try await archive.app.get("/api/files/view/\(id)", as: archive.patient).bytes == Archive.pdf)
            // The same run of the store's own database removes what is due.
            #expect(try await archive.app.delete("/api/files/\(id)", as: archive.patient).status == 200)
            try await Self.sweep(archive.app)
            #expect(try await archive.app.objectCount() == 0)
        }
    }

    @Test("a database without documents does not take a store with objects", arguments: DatabaseKind.available)
    func filled(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            _ = try await archive.filedID()
            try FileManager.default.removeItem(atPath: Self.folder(archive) + "/installation")
            try await withApp(kind, objects: archive.app.objects) { app in
                await #expect(throws: StorageError.self) { try await app.system.documents.store.prove() }
                let mark = try await app.objects.mark()
                #expect(mark == nil)
            }
        }
    }

    @Test(
        "a store that holds documents of the database is taken over without a mark", arguments: DatabaseKind.available)
    func unmarked(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID()
            let mark = try await archive.app.objects.mark()
            #expect(mark != nil)
            try FileManager.default.removeItem(atPath: Self.folder(archive) + "/installation")
            // Once marked, a store without its mark is another one.
            try await archive.app.restarted([:]) { app in
                _ = await #expect(throws: StorageError.self) { try await app.system.documents.store.prove() }
            }
            try await archive.app.database.write { db in
                _ = try db.run("UPDATE document_stores SET is_marked = FALSE")
            }
            #expect(try await !DocumentsFeature.isMarked(archive.app.objects, of: archive.app.database))
            try await archive.app.restarted([:]) { app in
                let read = try await app.get("/api/files/view/\(id)", as: archive.patient)
                #expect(read.bytes == Archive.pdf)
            }
            #expect(try await archive.app.objects.mark() == mark)
        }
    }
}
