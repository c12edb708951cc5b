import Foundation
import Synchronization
import Testing

@testable import Concurrency

@Suite("Blocking threads")
struct BlockingThreadsTests {
    private struct Refused: Error {}

    /// Tells when a thread has ended and released it.
    private final class Scratch {
        let ended: AsyncStream<Void>.Continuation
        init(_ ended: AsyncStream<Void>.Continuation) { self.ended = ended }
        deinit { ended.yield() }
    }

    /// Keeps one thread busy until told.
    private final class Gate: Sendable {
        let opened = DispatchSemaphore(value: 0)
        let entered: AsyncStream<Void>
        private let enter: AsyncStream<Void>.Continuation

        init() { (entered, enter) = AsyncStream.makeStream() }

        func pass() {
            enter.yield()
            opened.wait()
        }

        func awaitEntry() async { for await _ in entered { return } }
    }

    private func pool(count: Int = 1, queueLimit: Int) throws -> BlockingThreads<Void> {
        try BlockingThreads(
            name: "test", count: count, queueLimit: queueLimit, refusal: { _ in Refused() }, makeScratch: {})
    }

    @Test("one job more than the queue holds is refused, and those that wait are answered")
    func queueBound() async throws {
        let pool = try pool(queueLimit: 2)
        let gate = Gate()
        async let running: Void = pool.run { gate.pass() }
        await gate.awaitEntry()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do {
                        try await pool.run {}
                        return true
                    } catch {
                        return false
                    }
                }
            }
            var refused = 0
            var done = 0
            for await ran in group {
                if ran { done += 1 } else { refused += 1 }
                // The refusals come while the queue is full, so they come first.
                if refused == 3 && done == 0 { gate.opened.signal() }
            }
            return (done, refused)
        }
        try await running
        #expect(outcomes == (2, 3))
    }

    @Test("a caller who is cancelled while waiting leaves at once, and the job is skipped")
    func cancellationWhileWaiting() async throws {
        let pool = try pool(queueLimit: 10)
        let gate = Gate()
        let skipped = Mutex(true)
        async let running: Void = pool.run { gate.pass() }
        await gate.awaitEntry()
        let waiting = Task { try await pool.run { skipped.withLock { $0 = false } } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.opened.signal()
        try await running
        try await pool.run {}
        #expect(skipped.withLock { $0 })
    }

    @Test("a caller who is cancelled while the job runs gets its result")
    func cancellationWhileRunning() async throws {
        let pool = try pool(queueLimit: 10)
        let gate = Gate()
        let running = Task {
            try await pool.run {
                gate.pass()
                return 7
            }
        }
        await gate.awaitEntry()
        running.cancel()
        gate.opened.signal()
        #expect(try await running.value == 7)
    }

    @Test("closing refuses what waits, finishes what runs and ends the threads")
    func closing() async throws {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let pool = try BlockingThreads(
            name: "test", count: 1, queueLimit: 10, refusal: { _ in Refused() }, makeScratch: { Scratch(end) })
        let gate = Gate()
        let running = Task {
            try await pool.run { _ in
                gate.pass()
                return 7
            }
        }
        await gate.awaitEntry()
        pool.close()
        await #expect(throws: Refused.self) { try await pool.run { _ in } }
        gate.opened.signal()
        #expect(try await running.value == 7)
        for await _ in ends { break }
    }

    @Test("releasing the pool ends its threads")
    func release() async throws {
        let (ends, end) = AsyncStream<Void>.makeStream()
        do {
            let pool = try BlockingThreads(
                name: "test", count: 3, queueLimit: 10, refusal: { _ in Refused() }, makeScratch: { Scratch(end) })
            #expect(try await pool.run { _ in 1 } == 1)
        }
        var ended = 0
        for await _ in ends {
            ended += 1
            if ended == 3 { break }
        }
        #expect(ended == 3)
    }

    @Test("threads bear the name of the pool and a job's error reaches its caller")
    func namesAndErrors() async throws {
        let pool = try pool(queueLimit: 10)
        let name = try await pool.run { Thread.current.name }
        #expect(name == "test-0")
        await #expect(throws: Refused.self) { try await pool.run { throw Refused() } }
    }
}
