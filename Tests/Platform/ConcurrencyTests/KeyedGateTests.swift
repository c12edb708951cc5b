import Synchronization
import Testing

@testable import Concurrency

@Suite("A gate by key")
struct KeyedGateTests {
    private struct Failed: Error {}

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    /// Tells when callers have begun to wait.
    private final class Waits {
        let onWait: @Sendable () -> Void
        private var iterator: AsyncStream<Void>.Iterator

        init() {
            let (stream, began) = AsyncStream<Void>.makeStream()
            onWait = { began.yield() }
            iterator = stream.makeAsyncIterator()
        }

        /// Returns when so many more callers wait.
        func more(_ count: Int) async {
            for _ in 0..<count { await iterator.next() }
        }
    }

    @Test("one is first, and those that come meanwhile begin when it is done, without a place")
    func firstAndOthers() async throws {
        let waits = Waits()
        let gate = KeyedGate<String>(onWait: waits.onWait)
        let (began, start) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let isDone = Flag()
        async let first = gate.run(at: "slot") { isFirst in
            start.finish()
            for await _ in released {}
            isDone.set()
            return isFirst
        }
        for await _ in began {}
        // Another key waits for nobody.
        #expect(await gate.run(at: "other") { $0 })
        async let second = gate.run(at: "slot") { isFirst in (isFirst, isDone.isSet) }
        async let third = gate.run(at: "slot") { isFirst in (isFirst, isDone.isSet) }
        await waits.more(2)
        release.finish()
        #expect(await first)
        let (one, two) = await (second, third)
        #expect([one, two].allSatisfy { !$0.0 && $0.1 })
        #expect(await gate.run(at: "slot") { $0 })
    }

    @Test("a first caller that fails lets the others go on")
    func failure() async throws {
        let gate = KeyedGate<String>()
        await #expect(throws: Failed.self) {
            try await gate.run(at: "slot") { _ in throw Failed() }
        }
        #expect(await gate.run(at: "slot") { $0 })
    }

    @Test("no more than its width are inside, in the order they came, and one too many is refused")
    func width() async throws {
        let waits = Waits()
        let gate = KeyedGate<Int>(width: 2, queueLimit: 1, onWait: waits.onWait)
        #expect(await gate.enter(1))
        #expect(await gate.enter(1))
        async let third = gate.enter(1)
        await waits.more(1)
        #expect(await !gate.enter(1))
        #expect(await gate.enter(2))
        gate.leave(1)
        #expect(await third)
        gate.leave(1)
        gate.leave(1)
        #expect(await gate.enter(1))
    }

    @Test("a caller that steps aside gets the next place; a lone caller does not step aside")
    func stepAside() async throws {
        let waits = Waits()
        let gate = KeyedGate<Int>(width: 2, onWait: waits.onWait)
        #expect(await gate.enter(1))
        #expect(await !gate.stepAside(1))
        #expect(await gate.enter(1))
        async let newcomer = gate.enter(1)
        await waits.more(1)
        async let aside = gate.stepAside(1)
        await waits.more(1)
        gate.leave(1)
        #expect(await aside)
        gate.leave(1)
        #expect(await newcomer)
    }
}
