import Foundation
import Synchronization

/// strace, attached to one thread of this process: records some of its system calls, with the files they are for.
package final class CallTracer: Sendable {
    package static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")

    private let process = Process()
    private let errors = Pipe()
    private let output = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)")
    private let seen = Mutex("")
    private let ended = AsyncStream.makeStream(of: Void.self)

    /// - Parameter calls: names such as `fsync`; one with a question mark before it need not exist on this processor.
    package init(thread: some StringProtocol, calls: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        process.arguments = [
            "-y", "-s", "512", "-e", "trace=" + calls.joined(separator: ","), "-o", output.path, "-p", "\(thread)",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardError = errors
        let end = ended.continuation
        process.terminationHandler = { _ in end.finish() }
        try process.run()
    }

    /// What strace says of itself.
    package var messages: String { seen.withLock { $0 } }

    /// Waits for strace to say whether it could attach.
    package func isAttached() async -> Bool {
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

    /// The lines that were recorded until the traced thread ended.
    package func lines() async -> [String] {
        for await _ in ended.stream {}
        defer { try? FileManager.default.removeItem(at: output) }
        let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// The number of the thread that asks, as the system knows it.
    package static func currentThread() throws -> String {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        return path.split(separator: "/").last.map(String.init) ?? ""
    }
}
