import Concurrency
import Synchronization

/// Threads that read and write files, which may have to wait for the disk. They start when they are first needed.
package final class FileThreads: Sendable {
    package static let shared = FileThreads(count: 4)

    private let count: Int
    private let threads = Mutex<BlockingThreads<Void>?>(nil)

    package init(count: Int) {
        self.count = count
    }

    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await current().run { _ in try work() }
    }

    private func current() throws -> BlockingThreads<Void> {
        try threads.withLock { threads in
            if let threads { return threads }
            let made = try BlockingThreads<Void>(
                name: "files", count: count, niceness: 0, queueLimit: 1024,
                refusal: { _ in StorageError.unavailable("Too many files are read and written at once.") },
                makeScratch: {})
            threads = made
            return made
        }
    }
}
