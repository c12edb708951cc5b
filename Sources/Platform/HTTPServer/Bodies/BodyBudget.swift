import Synchronization

/// How many bytes of unfinished request bodies the process holds at a time. Requests beyond that are refused with 503
/// and may be tried again, so slow senders cannot fill the memory.
package final class BodyBudget: Sendable {
    package struct Exhausted: Error {}

    private let free: Atomic<Int>

    package init(bytes: Int = 64 << 20) {
        free = Atomic(bytes)
    }

    /// What is left, for tests.
    package var remaining: Int { free.load(ordering: .relaxed) }

    func take(_ count: Int) -> Bool {
        if free.subtract(count, ordering: .relaxed).newValue >= 0 { return true }
        give(count)
        return false
    }

    func give(_ count: Int) {
        free.add(count, ordering: .relaxed)
    }
}
