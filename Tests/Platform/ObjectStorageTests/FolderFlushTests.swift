import CareSyncTesting
import Testing

@testable import ObjectStorage

@Suite("Durability of the folder")
struct FolderFlushTests {
    /// What the only thread of a store does during `body`; `nil` where strace may not trace.
    private func calls(_ folder: String, _ body: (FolderStore) async throws -> Void) async throws -> [String]? {
        let tracer: CallTracer
        do {
            let threads = FileThreads(count: 1)
            let thread = try await threads.run { try CallTracer.currentThread() }
            tracer = try CallTracer(
                thread: thread,
                calls: ["fsync", "fdatasync", "?rename", "?renameat", "?renameat2", "?mkdir", "?mkdirat"])
            guard await tracer.isAttached() else {
                withKnownIssue("strace may not trace here, so nothing was counted", isIntermittent: true) {
                    Issue.record("\(tracer.messages)")
                }
                return nil
            }
            try await body(FolderStore(folder: folder, threads: threads))
        }
        // The thread has ended with its owner, and strace with it.
        return await tracer.lines()
    }

    @Test(
        "an object is on disk before it has its name, and its name before anybody hears of it",
        .enabled(if: CallTracer.isAvailable, "strace is not installed"))
    func order() async throws {
        try await withFolder { folder in
            let name = ObjectName.unique
            let content = try await SpooledFile.holding(sampleBytes(100_000), in: folder)
            guard
                let calls = try await calls(
                    folder + "/documents",
                    {
                        try await $0.setMark("test")
                        try await $0.put(name, content)
                    })
            else { return }
            let shard = "/documents/\(name.text.prefix(2))"
            let steps = [
                ("mkdir", "\(shard)\""), ("fsync", "/documents>"), ("fsync", "/drafts/\(name.text)."),
                ("rename", "\(shard)/\(name.text)\""), ("fsync", "\(shard)>"),
            ]
            var rest = calls[...]
            for (call, path) in steps {
                let index = try #require(
                    rest.firstIndex { $0.hasPrefix(call) && $0.contains(path) }, "\(call) \(path) in \(calls)")
                rest = rest[(index + 1)...]
            }
        }
    }
}
