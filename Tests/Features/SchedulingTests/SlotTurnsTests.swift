import CareSyncCore
import Synchronization
import Testing

@testable import Scheduling

@Suite("Turns at a slot")
struct SlotTurnsTests {
    private struct Failed: Error {}

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    private static let slot = SlotTurns.Key.slot(DoctorID(1), Instant(seconds: 0))
    private static let other = SlotTurns.Key.slot(DoctorID(2), Instant(seconds: 0))

    @Test("one is first, and the others begin when it is done")
    func firstAndOthers() async throws {
        let turns = SlotTurns()
        let (began, start) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let done = Flag()
        async let first = turns.run(at: Self.slot) { isFirst in
            start.finish()
            for await _ in released {}
            done.set()
            return isFirst
        }
        for await _ in began {}
        // Another slot waits for nobody.
        #expect(await turns.run(at: Self.other) { $0 })
        async let second = turns.run(at: Self.slot) { isFirst in (isFirst, done.isSet) }
        async let third = turns.run(at: Self.slot) { isFirst in (isFirst, done.isSet) }
        release.finish()
        #expect(await first)
        let (one, two) = await (second, third)
        // Whoever comes after the end is first again.
        #expect([one, two].allSatisfy { $0.1 })
    }

    @Test("a first caller that fails lets the others go on")
    func failure() async throws {
        let turns = SlotTurns()
        await #expect(throws: Failed.self) {
            try await turns.run(at: Self.slot) { _ in throw Failed() }
        }
        #expect(await turns.run(at: Self.slot) { $0 })
    }
}
