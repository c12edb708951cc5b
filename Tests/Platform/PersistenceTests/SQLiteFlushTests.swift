import CareSyncTesting
import Foundation
import Persistence
import PersistenceSQLite
import Synchronization
import Testing

@Suite("SQLite durability")
struct SQLiteFlushTests {
    /// kill -9 cannot show whether a commit reached the disk; counting the flushes does.
    @Test(
        "every commit is flushed to the disk before its caller hears of it",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
    func flushes() async throws {
        try await withSQLiteFile { database, path in
            let thread = try await database.write { _ in
                try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            }
            let writer = try #require(thread.split(separator: "/").last)
            let tracer = try FlushTracer(thread: writer)
            guard await tracer.isAttached() else {
                withKnownIssue("strace may not trace here, so flushes were not counted", isIntermittent: true) {
                    Issue.record("\(tracer.messages)")
                }
                return
            }
            for number in 1...25 {
                try await database.write { db in try db.insertSample(Int64(number)) }
            }
            // Ends the traced thread, and with it strace.
            await database.close()
            let calls = await tracer.calls()
            let flushes = calls.split(separator: "\n").filter { $0.contains("sync(") && $0.contains(path + "-wal") }
            #expect(flushes.count >= 25)
        }
    }
}

/// strace, attached to one thread of this process: records its flushes with the file they are for.
private final class FlushTracer: Sendable {
    private let process = Process()
    private let errors = Pipe()
    private let output = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)")
    private let seen = Mutex("")
    private let ended = AsyncStream.makeStream(of: Void.self)

    init(thread: Substring) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        process.arguments = ["-y", "-s", "0", "-e", "trace=fdatasync,fsync", "-o", output.path, "-p", "\(thread)"]
        process.standardInput = FileHandle.nullDevice
        process.standardError = errors
        let end = ended.continuation
        process.terminationHandler = { _ in end.finish() }
        try process.run()
    }

    var messages: String { seen.withLock { $0 } }

    /// Waits for strace to say whether it could attach.
    func isAttached() async -> Bool {
        await withCheckedContinuation { continuation in
            Thread {
                while let data = try? self.errors.fileHandleForReading.read(upToCount: 1), !data.isEmpty {
                    let text = self.seen.withLock { seen in
                        seen += String(decoding: data, as: UTF8.self)
                        return seen
                    }
                    if text.contains(" attached") { return continuation.resume(returning: true) }
                }
                continuation.resume(returning: false)
            }.start()
        }
    }

    /// What was recorded until the traced thread ended.
    func calls() async -> String {
        for await _ in ended.stream {}
        defer { try? FileManager.default.removeItem(at: output) }
        return (try? String(contentsOf: output, encoding: .utf8)) ?? ""
    }
}
