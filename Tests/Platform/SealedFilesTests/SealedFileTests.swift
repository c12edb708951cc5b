import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import NIOCore
import ObjectStorage
import Testing

@testable import SealedFiles

@Suite("Sealed files")
struct SealedFileTests {
    /// A store in a folder of its own.
    private static func withStore(_ body: (FolderStore, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sealed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Absent when nothing was stored.
        let store = FolderStore(folder: folder + "/objects")
        try await store.setMark("test")
        try await body(store, folder)
    }

    private static func path(_ place: SealedPlace, _ folder: String) -> String {
        "\(folder)/objects/\(place.name.text.prefix(2))/\(place.name.text)"
    }

    private static func content(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    }

    private static func seal(_ bytes: [UInt8], _ folder: String, piece: Int = 10_000) async throws -> SealedFile {
        let writer = try SealedFileWriter(directory: folder + "/spool", limit: 10 << 20, random: .system)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            try await writer.append(ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)]))
        }
        return try await writer.finish()
    }

    private static func read(
        _ place: SealedPlace, _ store: FolderStore, range: Range<Int64>? = nil
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await SealedFileReader(store: store).open(place, range: range).write {
            bytes += Array($0.readableBytesView)
        }
        return bytes
    }

    private static let chunk = FileKey.chunkBytes

    @Test(
        "what goes in comes out, whatever its length", arguments: [1, chunk - 1, chunk, chunk + 1, 3 * chunk, 200_001])
    func roundTrip(_ count: Int) async throws {
        try await Self.withStore { store, folder in
            let bytes = Self.content(count)
            let file = try await Self.seal(bytes, folder)
            #expect(file.length == Int64(count))
            try await file.store(in: store)
            #expect(try await Self.read(file.place, store) == bytes)
            for range in [0..<1, 0..<count, count - 1..<count, count / 3..<count / 2 + 1] {
                let wanted = Int64(range.lowerBound)..<Int64(range.upperBound)
                #expect(try await Self.read(file.place, store, range: wanted) == Array(bytes[range]))
                let count = range.count
                #expect(try await file.bytes(from: wanted.lowerBound, count: count) == Array(bytes[range]))
            }
        }
    }

    @Test("nothing of it is readable in the store")
    func ciphertext() async throws {
        try await Self.withStore { store, folder in
            let file = try await Self.seal([UInt8](repeating: 0x41, count: 100_000), folder)
            try await file.store(in: store)
            let stored = try #require(FileManager.default.contents(atPath: Self.path(file.place, folder)))
            #expect(stored.count == 100_000 + 2 * FileKey.overhead)
            #expect(stored.range(of: Data(repeating: 0x41, count: 4)) == nil)
        }
    }

    @Test("a flipped bit anywhere is noticed before that part is given away")
    func flipped() async throws {
        try await Self.withStore { store, folder in
            let bytes = Self.content(2 * Self.chunk + 100)
            let file = try await Self.seal(bytes, folder)
            try await file.store(in: store)
            let path = Self.path(file.place, folder)
            let stored = Array(try #require(FileManager.default.contents(atPath: path)))
            for place in [0, 1_000, Self.chunk + 5, Self.chunk + 20, stored.count - 1] {
                var damaged = stored
                damaged[place] ^= 1
                try Data(damaged).write(to: URL(fileURLWithPath: path))
                var given: [UInt8] = []
                await #expect(throws: DamagedFile(name: file.place.name)) {
                    try await SealedFileReader(store: store).open(file.place).write {
                        given += Array($0.readableBytesView)
                    }
                }
                #expect(given.elementsEqual(bytes.prefix(place / (Self.chunk + FileKey.overhead) * Self.chunk)))
            }
        }
    }

    @Test("an object that was cut, lengthened, exchanged or put in another order is noticed")
    func exchanged() async throws {
        try await Self.withStore { store, folder in
            let file = try await Self.seal(Self.content(2 * Self.chunk), folder)
            let other = try await Self.seal(Self.content(2 * Self.chunk), folder)
            try await file.store(in: store)
            try await other.store(in: store)
            let path = Self.path(file.place, folder)
            let stored = Array(try #require(FileManager.default.contents(atPath: path)))
            let half = stored.count / 2
            let foreign = Array(
                try #require(FileManager.default.contents(atPath: Self.path(other.place, folder))))
            let changes = [
                Array(stored.prefix(half)), Array(stored.dropLast()), stored + [0],
                Array(stored.suffix(half) + stored.prefix(half)), foreign,
                Array(stored.prefix(half) + foreign.suffix(half)), [],
            ]
            for changed in changes {
                try Data(changed).write(to: URL(fileURLWithPath: path))
                await #expect(throws: DamagedFile.self) { try await Self.read(file.place, store) }
            }
            // The end of a shorter file is not the end of this one.
            let short = SealedPlace(
                name: file.place.name, key: file.place.key, length: Int64(Self.chunk), sha256: file.place.sha256)
            try Data(stored.prefix(half)).write(to: URL(fileURLWithPath: path))
            await #expect(throws: DamagedFile.self) { try await Self.read(short, store) }
            try await store.delete(file.place.name)
            await #expect(throws: DamagedFile.self) { try await Self.read(file.place, store) }
        }
    }

    @Test("another SHA-256 than it was stored with is noticed")
    func digest() async throws {
        try await Self.withStore { store, folder in
            let file = try await Self.seal(Self.content(10), folder)
            try await file.store(in: store)
            var digest = file.place.sha256
            digest[0] ^= 1
            let place = SealedPlace(
                name: file.place.name, key: file.place.key, length: file.place.length, sha256: digest)
            await #expect(throws: DamagedFile.self) { try await Self.read(place, store) }
        }
    }

    @Test("an empty file and one that is too large are refused")
    func bounds() async throws {
        try await Self.withStore { _, folder in
            let writer = try SealedFileWriter(directory: folder, limit: 10, random: .system)
            await #expect(throws: SpoolingError.empty) { try await writer.finish() }
            try await writer.append([UInt8](repeating: 1, count: 10))
            await #expect(throws: SpoolingError.tooLarge) { try await writer.append([1]) }
        }
    }

    @Test("nothing waits on the disk under a name")
    func spool() async throws {
        try await Self.withStore { _, folder in
            _ = try await Self.seal(Self.content(200_000), folder)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/spool").isEmpty)
        }
    }
}
