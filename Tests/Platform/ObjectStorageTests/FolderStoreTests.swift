import CareSyncCore
import CareSyncTesting
import Foundation
import NIOCore
import Testing

@testable import ObjectStorage

@Suite("Store in a folder")
struct FolderStoreTests {
    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("files lie in sub-folders, and only this account reads them")
    func layout() async throws {
        try await withFolder { folder in
            let store = FolderStore(folder: folder + "/a/b")
            try await store.setMark("test")
            let name = try #require(ObjectName("00ff" + String(repeating: "0", count: 28)))
            try await store.put(name, try await .holding([1, 2, 3], in: folder))
            let path = folder + "/a/b/00/\(name.text)"
            #expect(try permissions(path) == 0o600)
            #expect(try permissions(folder + "/a/b/00") == 0o700)
            #expect(try permissions(folder + "/a/b") == 0o700)
            #expect(try permissions(folder + "/a/b/installation") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a/b/drafts").isEmpty)
        }
    }

    @Test("what a crash leaves is in no list and goes with the sweep once it is old enough")
    func drafts() async throws {
        try await withFolder { folder in
            let store = FolderStore(folder: folder)
            let name = ObjectName.unique
            try FileManager.default.createDirectory(atPath: folder + "/drafts", withIntermediateDirectories: false)
            let draft = folder + "/drafts/\(name.text).1"
            try Data([1]).write(to: URL(fileURLWithPath: draft))
            await #expect(throws: StorageError.notFound) { try await store.get(name, range: nil) }
            #expect(try await store.list(after: nil, limit: 10).isEmpty)
            try await store.removeDrafts(before: TimeSource.system.now - .hours(1))
            #expect(FileManager.default.fileExists(atPath: draft))
            try await store.removeDrafts(before: TimeSource.system.now + .hours(1))
            #expect(!FileManager.default.fileExists(atPath: draft))
        }
    }

    @Test("files that are not ours, links and files in a wrong sub-folder are not listed")
    func foreign() async throws {
        try await withFolder { folder in
            let store = FolderStore(folder: folder)
            let name = ObjectName.unique
            try await store.put(name, try await .holding([1], in: folder))
            let shard = "\(folder)/\(name.text.prefix(2))"
            for file in ["notes.txt", name.text.uppercased() + "x", "zz" + name.text.dropFirst(2)] {
                try Data([1]).write(to: URL(fileURLWithPath: shard + "/" + file))
            }
            let link = name.text.prefix(2) + String(repeating: "0", count: 30)
            try FileManager.default.createSymbolicLink(atPath: "\(shard)/\(link)", withDestinationPath: "/etc/hostname")
            try Data([1]).write(to: URL(fileURLWithPath: folder + "/README"))
            #expect(try await store.list(after: nil, limit: 10).map(\.name) == [name])
            let linked = try #require(ObjectName(String(link)))
            await #expect(throws: StorageError.self) { try await store.get(linked, range: nil) }
        }
    }

    @Test("a file that was cut is damage once it is read beyond its end")
    func cut() async throws {
        try await withFolder { folder in
            let store = FolderStore(folder: folder)
            let name = ObjectName.unique
            try await store.put(name, try await .holding(sampleBytes(200_000), in: folder))
            let content = try await store.get(name, range: nil)
            truncate("\(folder)/\(name.text.prefix(2))/\(name.text)", 100_000)
            await #expect(throws: ObjectRange.tooShort) { try await content.collect() }
        }
    }

    @Test("a folder that is not there is not made by a put")
    func absent() async throws {
        try await withFolder { folder in
            let store = FolderStore(folder: folder + "/documents")
            let content = try await SpooledFile.holding([1], in: folder)
            await #expect(throws: StorageError.self) { try await store.put(.unique, content) }
            #expect(try await store.mark() == nil)
            #expect(!FileManager.default.fileExists(atPath: folder + "/documents"))
            try await store.setMark("mine")
            try await store.put(.unique, content)
        }
    }

    @Test("a folder that cannot be used is told, without writing anything")
    func unusable() async throws {
        try await withFolder { folder in
            try await FolderStore(folder: folder + "/not/yet/there").probe()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            try Data([1]).write(to: URL(fileURLWithPath: folder + "/file"))
            let store = FolderStore(folder: folder + "/file/below")
            await #expect(throws: StorageError.self) { try await store.probe() }
            let content = try await SpooledFile.holding([1], in: folder)
            await #expect(throws: StorageError.self) { try await store.put(.unique, content) }
            #expect(throws: StorageError.self) { try SpooledFile(directory: folder + "/file/below") }
        }
    }
}

@Suite("Spooled file")
struct SpooledFileTests {
    @Test("it has no name, knows its length and hash, and is read where one likes")
    func whole() async throws {
        try await withFolder { folder in
            let bytes = sampleBytes(200_000)
            let file = try await SpooledFile.holding(bytes, in: folder + "/spool")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/spool").isEmpty)
            #expect(file.length == 200_000)
            #expect(file.sha256() == SampleHash.sha256(bytes))
            for (offset, count, range) in [
                (0, 10, 0..<10), (199_990, 100, 199_990..<200_000), (200_000, 10, 0..<0), (-5, 10, 0..<0),
                (300_000, 10, 0..<0), (5, 0, 0..<0),
            ] {
                let read = try await file.read(from: Int64(offset), count: count)
                #expect(Array(read.readableBytesView) == Array(bytes[range]), "\(offset)")
            }
        }
    }

    @Test("an empty one has the hash of nothing")
    func empty() async throws {
        try await withFolder { folder in
            let file = try SpooledFile(directory: folder)
            #expect(file.length == 0)
            #expect(Hex.text(file.sha256()) == RequestSigner.emptyHash)
        }
    }

    @Test("its descriptor is closed with it")
    func closing() async throws {
        try await withFolder { folder in
            let descriptors = {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                    .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0) }
                    .filter { $0.hasPrefix(folder) }
            }
            var file: SpooledFile? = try SpooledFile(directory: folder)
            #expect(file?.length == 0)
            #expect(try descriptors().count == 1)
            file = nil
            #expect(try descriptors().isEmpty)
        }
    }
}

@Suite("Object names")
struct ObjectNameTests {
    @Test("a name is random, and nothing else is one")
    func names() throws {
        let name = ObjectName(random: SeededRandom(seed: 7).source)
        #expect(ObjectName(name.text) == name)
        #expect(name != ObjectName.unique)
        for text in [
            "", "..", "../../etc/passwd", name.text.uppercased(), name.text + "0", String(name.text.dropLast()),
            "\(name.text.dropLast())/", "\(name.text.dropLast(2))é",
        ]
        where text != name.text {
            #expect(ObjectName(text) == nil, "\(text)")
        }
    }
}
