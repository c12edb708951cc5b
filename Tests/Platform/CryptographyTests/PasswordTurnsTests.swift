import CareSyncCore
import Testing

@testable import Cryptography

@Suite("Turns of password checks")
struct PasswordTurnsTests {
    private static func signIn(_ address: String) -> PasswordTurn { .signIn(from: address) }
    private static func registration(_ address: String) -> PasswordTurn { .registration(from: address) }

    /// What is left, in the order of the turns.
    private static func drained(_ queue: TurnQueue<String>) -> [String] {
        var (queue, items) = (queue, [String]())
        while let item = queue.next() { items.append(item) }
        return items
    }

    @Test("networks take turns, each in the order it came")
    func networks() {
        var queue = TurnQueue<String>(limit: 100)
        for number in 1...4 { #expect(queue.add("a\(number)", Self.signIn("192.0.2.1")) == nil) }
        #expect(queue.add("b1", Self.signIn("192.0.2.2")) == nil)
        #expect(queue.add("c1", Self.signIn("192.0.2.3")) == nil)
        #expect(queue.add("b2", Self.signIn("192.0.2.2")) == nil)
        #expect(Self.drained(queue) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
    }

    @Test("addresses of one IPv6 network share a turn")
    func ipv6() {
        var queue = TurnQueue<String>(limit: 100)
        for number in 1...3 { _ = queue.add("a\(number)", Self.signIn("2001:db8:1:2::\(number)")) }
        _ = queue.add("b1", Self.signIn("2001:db8:1:3::1"))
        #expect(Self.drained(queue) == ["a1", "b1", "a2", "a3"])
    }

    @Test("a sign-in behind 300 registrations of another address is next")
    func signInsFirst() {
        var queue = TurnQueue<String>(limit: 1024)
        for number in 1...300 { _ = queue.add("r\(number)", Self.registration("192.0.2.1")) }
        _ = queue.add("s", Self.signIn("192.0.2.2"))
        #expect(queue.next() == "s")
        #expect(queue.next() == "r1")
    }

    @Test("a registration waits for seven sign-ins at most")
    func noStarvation() {
        var queue = TurnQueue<String>(limit: 1024)
        for number in 1...20 { _ = queue.add("s\(number)", Self.signIn("192.0.2.1")) }
        _ = queue.add("r1", Self.registration("192.0.2.2"))
        _ = queue.add("r2", Self.registration("192.0.2.2"))
        let order = Self.drained(queue)
        #expect(order.firstIndex(of: "r1") == 7)
        #expect(order.firstIndex(of: "r2") == 15)
        #expect(order.count == 22)
    }

    @Test("when the queue is full, the network with most entries gives way, registrations before sign-ins")
    func full() {
        var queue = TurnQueue<String>(limit: 4)
        for number in 1...3 { _ = queue.add("a\(number)", Self.signIn("192.0.2.1")) }
        _ = queue.add("r1", Self.registration("192.0.2.1"))
        #expect(queue.add("a4", Self.signIn("192.0.2.1")) == "r1")
        #expect(queue.add("r2", Self.registration("192.0.2.2")) == "r2")
        #expect(queue.add("b1", Self.signIn("192.0.2.2")) == "a4")
        #expect(queue.add("a5", Self.signIn("192.0.2.1")) == "a5")
        #expect(queue.count == 4)
        #expect(Self.drained(queue) == ["a1", "b1", "a2", "a3"])
    }

    @Test("what is taken out has no turn")
    func removal() {
        var queue = TurnQueue<String>(limit: 4)
        let turn = Self.signIn("192.0.2.1")
        for item in ["a", "b"] { _ = queue.add(item, turn) }
        #expect(queue.remove(turn) { $0 == "a" } == "a")
        #expect(queue.remove(turn) { $0 == "a" } == nil)
        #expect(Self.drained(queue) == ["b"])
        _ = queue.remove(turn) { $0 == "b" }
        #expect(queue.count == 0)
        #expect(queue.next() == nil)
    }

    private struct Refused: Error {}

    @Test("waiting callers enter as others leave; a cancelled one leaves at once, and one too many is refused")
    func gate() async throws {
        let turns = PasswordTurns(width: 1, limit: 1) { Refused() }
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        let turn = PasswordTurn.system
        let first = Task {
            try await turns.run(turn) {
                enter.yield()
                for await _ in opened { break }
                return 1
            }
        }
        for await _ in entered { break }
        // Of two more one waits and the other is refused, whichever comes first.
        let more = (2...3).map { number in Task { try await turns.run(turn) { number } } }
        let (results, tell) = AsyncStream.makeStream(of: Result<Int, any Error>.self)
        for task in more { Task { tell.yield(await task.result) } }
        var outcomes = results.makeAsyncIterator()
        let refused = await outcomes.next()
        #expect(throws: Refused.self) { try refused?.get() }
        #expect(turns.waiting == 1)
        for task in more { task.cancel() }
        let cancelled = await outcomes.next()
        #expect(throws: CancellationError.self) { try cancelled?.get() }
        #expect(turns.waiting == 0)
        open.yield()
        #expect(try await first.value == 1)
        #expect(try await turns.run(turn) { 4 } == 4)
    }

    @Test("a wait for a turn has an end, and whoever has entered does not notice")
    func patience() async throws {
        let turns = PasswordTurns(width: 1, limit: 9, patience: .milliseconds(1)) { Refused() }
        let value = try await turns.run(.system) {
            let refusal = await #expect(throws: Problem.self) { try await turns.run(.system) { 2 } }
            #expect(refusal?.kind == .unavailable)
            #expect(refusal?.retryAfter != nil)
            return 1
        }
        #expect(value == 1)
        #expect(turns.waiting == 0)
        #expect(try await turns.run(.system) { 3 } == 3)
    }
}
