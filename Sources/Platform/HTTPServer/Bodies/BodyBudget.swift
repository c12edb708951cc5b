import Synchronization

/// How many bytes of unfinished request bodies the process holds at a time, so slow senders cannot fill the memory.
///
/// When more come than there is room for, whoever sends most pays: of the network that holds most, the largest unfinished
/// body is broken off, and so on until there is room. Its request is answered with 503 and may be tried again.
package final class BodyBudget: Sendable {
    package struct Exhausted: Error {}

    /// One body.
    struct Share: Sendable {
        fileprivate let number: UInt64
    }

    fileprivate struct Holding {
        let network: String
        let breakOff: @Sendable () -> Void
        var bytes = 0
        /// All of it has come; it is not broken off any more.
        var isWhole = false
    }

    fileprivate struct State {
        var free: Int
        var last: UInt64 = 0
        var holdings: [UInt64: Holding] = [:]
    }

    private let state: Mutex<State>

    package init(bytes: Int = 64 << 20) {
        state = Mutex(State(free: bytes))
    }

    /// What is left, for tests.
    package var remaining: Int { state.withLock { $0.free } }

    /// Takes in a body that holds nothing yet. `breakOff` may be called on any thread.
    func join(from network: String, breakOff: @escaping @Sendable () -> Void) -> Share {
        state.withLock { state in
            state.last += 1
            state.holdings[state.last] = Holding(network: network, breakOff: breakOff)
            return Share(number: state.last)
        }
    }

    /// `false` when the body itself has to give way, or has already.
    func take(_ count: Int, for share: Share) -> Bool {
        let (isTaken, victims) = state.withLock { state in
            var victims: [@Sendable () -> Void] = []
            while state.holdings[share.number] != nil, state.free < count {
                guard let victim = state.victim(for: share.number, count), victim != share.number,
                    let holding = state.remove(victim)
                else { return (false, victims) }
                victims.append(holding.breakOff)
            }
            guard state.holdings[share.number] != nil else { return (false, victims) }
            state.holdings[share.number]?.bytes += count
            state.free -= count
            return (true, victims)
        }
        for breakOff in victims { breakOff() }
        return isTaken
    }

    /// What the body holds has been handed over.
    func give(_ share: Share) {
        state.withLock { state in
            state.free += state.holdings[share.number]?.bytes ?? 0
            state.holdings[share.number]?.bytes = 0
        }
    }

    func isWhole(_ share: Share) {
        state.withLock { $0.holdings[share.number]?.isWhole = true }
    }

    func leave(_ share: Share) {
        state.withLock { _ = $0.remove(share.number) }
    }
}

extension BodyBudget.State {
    fileprivate mutating func remove(_ number: UInt64) -> BodyBudget.Holding? {
        guard let holding = holdings.removeValue(forKey: number) else { return nil }
        free += holding.bytes
        return holding
    }

    /// The largest unfinished body of the network that holds most, were `number` to get `count` bytes. When bodies or
    /// networks are level, the one that wants more.
    fileprivate func victim(for number: UInt64, _ count: Int) -> UInt64? {
        guard let own = holdings[number] else { return nil }
        var totals: [String: Int] = [:]
        for holding in holdings.values where !holding.isWhole { totals[holding.network, default: 0] += holding.bytes }
        totals[own.network, default: 0] += count
        var (network, most) = (own.network, totals[own.network] ?? 0)
        for (name, total) in totals where total > most { (network, most) = (name, total) }
        var (victim, largest) = network == own.network ? (number, own.bytes + count) : (nil, 0)
        for (other, holding) in holdings where holding.network == network && !holding.isWhole && holding.bytes > largest
        {
            (victim, largest) = (other, holding.bytes)
        }
        return victim
    }
}
