import CareSyncCore
import CareSyncTesting
import NIOCore
import Testing

@testable import ObjectStorage

/// What every store does, on each of them (rules/object-storage 2, 4 and 5).
@Suite("Every store")
struct StoreConformanceTests {
    @Test("what is stored comes back, whole and in parts", arguments: StoreKind.allCases)
    func roundTrip(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            for size in [0, 1, 65_535, 65_536, 65_537, 300_000] {
                let name = ObjectName.unique
                let bytes = sampleBytes(size)
                try await store.put(name, try await .holding(bytes, in: folder))
                let whole = try await store.get(name, range: nil)
                #expect(whole.length == Int64(size))
                #expect(try await whole.collect() == bytes)
            }
        }
    }

    @Test("a range gives its bytes and nothing else; one that reaches too far is damage", arguments: StoreKind.allCases)
    func ranges(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            let name = ObjectName.unique
            let bytes = sampleBytes(200_000)
            try await store.put(name, try await .holding(bytes, in: folder))
            for range in [0..<1, 0..<200_000, 65_536..<131_072, 199_999..<200_000, 10..<10, 0..<0, 200_000..<200_000] {
                let part = try await store.get(name, range: Int64(range.lowerBound)..<Int64(range.upperBound))
                #expect(part.length == Int64(range.count))
                #expect(try await part.collect() == Array(bytes[range]), "\(range)")
            }
            for range in [199_999..<200_001, 200_000..<200_001, 300_000..<300_001] as [Range<Int64>] {
                await #expect(throws: ObjectRange.tooShort, "\(range)") { try await store.get(name, range: range) }
            }
        }
    }

    @Test(
        "what is not there, or no longer, is not found, and deleting it again is no error",
        arguments: StoreKind.allCases)
    func missing(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            let name = ObjectName.unique
            await #expect(throws: StorageError.notFound) { try await store.get(name, range: nil) }
            await #expect(throws: StorageError.notFound) { try await store.get(name, range: 0..<1) }
            await #expect(throws: StorageError.notFound) { try await store.get(name, range: 0..<0) }
            try await store.delete(name)
            try await store.put(name, try await .holding([1, 2, 3], in: folder))
            try await store.delete(name)
            try await store.delete(name)
            await #expect(throws: StorageError.notFound) { try await store.get(name, range: nil) }
            #expect(try await store.list(after: nil, limit: 10).isEmpty)
        }
    }

    @Test("lists are in order, begin behind a name and are cut", arguments: StoreKind.allCases)
    func lists(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            #expect(try await store.list(after: nil, limit: 5).isEmpty)
            let before = TimeSource.system.now - .seconds(5)
            let names = (0..<25).map { _ in ObjectName.unique }.sorted()
            for (size, name) in names.enumerated() {
                try await store.put(name, try await .holding(sampleBytes(size), in: folder))
            }
            let all = try await store.list(after: nil, limit: 100)
            #expect(all.map(\.name) == names)
            #expect(all.map(\.size) == (0..<25).map(Int64.init))
            #expect(all.allSatisfy { $0.modified > before && $0.modified < TimeSource.system.now + .seconds(5) })
            #expect(try await store.list(after: nil, limit: 7).map(\.name) == Array(names[..<7]))
            #expect(try await store.list(after: names[6], limit: 7).map(\.name) == Array(names[7..<14]))
            #expect(try await store.list(after: names[22], limit: 7).map(\.name) == Array(names[23...]))
            #expect(try await store.list(after: names[24], limit: 7).isEmpty)
            #expect(try await store.list(after: nil, limit: 0).isEmpty)
        }
    }

    @Test("many at the same time do not mix", arguments: StoreKind.allCases)
    func concurrency(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 1...24 {
                    group.addTask {
                        let name = ObjectName.unique
                        let bytes = sampleBytes(100_000 + seed, seed: UInt64(seed))
                        try await store.put(name, try await .holding(bytes, in: folder))
                        #expect(try await store.get(name, range: nil).collect() == bytes)
                        if seed % 2 == 0 { try await store.delete(name) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.list(after: nil, limit: 100).count == 12)
        }
    }

    @Test("twenty megabytes go in and come out", arguments: StoreKind.allCases)
    func large(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            let name = ObjectName.unique
            let bytes = sampleBytes(20 << 20)
            try await store.put(name, try await .holding(bytes, in: folder))
            #expect(try await store.get(name, range: nil).collect() == bytes)
            #expect(
                try await store.get(name, range: 9_999_999..<10_000_009).collect()
                    == Array(bytes[9_999_999..<10_000_009]))
        }
    }

    @Test("a put that is cut off leaves the whole or nothing", arguments: StoreKind.allCases)
    func interruption(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            let content = try await SpooledFile.holding(sampleBytes(3 << 20), in: folder)
            for patience in 0..<12 {
                let putting = Task { try await store.put(.unique, content) }
                for _ in 0..<patience * patience { await Task.yield() }
                putting.cancel()
                _ = await putting.result
            }
            let left = try await store.list(after: nil, limit: 100)
            #expect(left.allSatisfy { $0.size == content.length })
            for object in left { #expect(try await store.get(object.name, range: nil).collect().count == 3 << 20) }
        }
    }

    @Test("a reader that stops early costs nobody else anything", arguments: StoreKind.allCases)
    func givingUp(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, folder in
            let name = ObjectName.unique
            let bytes = sampleBytes(2 << 20)
            try await store.put(name, try await .holding(bytes, in: folder))
            for _ in 0..<100 {
                var chunks = 0
                for try await _ in try await store.get(name, range: nil).bytes {
                    chunks += 1
                    if chunks == 2 { break }
                }
            }
            #expect(try await store.get(name, range: nil).collect() == bytes)
        }
    }

    @Test("a store that works says so, and has no drafts to remove", arguments: StoreKind.allCases)
    func probe(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, _ in
            try await store.probe()
            try await store.removeDrafts(before: TimeSource.system.now)
        }
    }

    @Test("a store keeps its mark, and lists it not", arguments: StoreKind.allCases)
    func mark(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, _ in
            #expect(try await store.mark() == (kind == .folder ? "test" : nil))
            try await store.setMark("a2c4")
            #expect(try await store.mark() == "a2c4")
            try await store.setMark("b")
            #expect(try await store.mark() == "b")
            #expect(try await store.list(after: nil, limit: 10).isEmpty)
        }
    }
}
