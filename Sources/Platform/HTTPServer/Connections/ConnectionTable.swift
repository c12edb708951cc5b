import CareSyncCore
import Synchronization

/// All connections of the process, so that unused ones make room for new ones.
///
/// There is no fixed number per address, because a whole clinic sits behind one. But once four fifths of the sockets are
/// taken, each new connection closes another one that has sent no whole head yet: the oldest such one of the network (an
/// IPv4 address, an IPv6 /64) that has most of them. Connections that have been used are never closed for others.
package final class ConnectionTable: Sendable {
    /// Names a connection while it is open.
    struct Entry: Hashable, Sendable {
        fileprivate let number: UInt64
        fileprivate let network: String
    }

    fileprivate struct State {
        var last: UInt64 = 0
        var open = 0
        var silent: [String: SilentConnections] = [:]
        /// Networks by the number of their silent connections.
        var byCount: [Int: Set<String>] = [:]
        var highest = 0
    }

    /// The silent connections of one network, oldest first.
    fileprivate struct SilentConnections {
        var closing: [UInt64: @Sendable () -> Void] = [:]
        /// Also holds numbers that are silent no longer, until they are met.
        var order: [UInt64] = []
        var head = 0
    }

    private let state = Mutex(State())
    private let threshold: Int

    /// - Parameter capacity: how many connections the process can have.
    package init(capacity: Int) {
        threshold = capacity / 5 * 4
    }

    /// Takes in a connection that has sent nothing yet. `close` may be called on any thread.
    func add(from peer: String, close: @escaping @Sendable () -> Void) -> Entry {
        let network = IPAddress.network(of: peer)
        let (entry, victim) = state.withLock { state in
            state.last += 1
            state.open += 1
            let victim = state.open > threshold ? state.popOldest() : nil
            let entry = Entry(number: state.last, network: network)
            state.insert(entry, close)
            return (entry, victim)
        }
        victim?()
        return entry
    }

    /// Its first head has come whole.
    func isUsed(_ entry: Entry) {
        state.withLock { $0.remove(entry) }
    }

    func isClosed(_ entry: Entry) {
        state.withLock { state in
            state.open -= 1
            state.remove(entry)
        }
    }
}

extension ConnectionTable.State {
    fileprivate mutating func insert(_ entry: ConnectionTable.Entry, _ close: @escaping @Sendable () -> Void) {
        change(entry.network) { silent in
            silent.closing[entry.number] = close
            silent.order.append(entry.number)
        }
    }

    fileprivate mutating func remove(_ entry: ConnectionTable.Entry) {
        guard silent[entry.network]?.closing[entry.number] != nil else { return }
        change(entry.network) { $0.closing[entry.number] = nil }
    }

    /// The closure that closes the oldest silent connection of the network that has most.
    fileprivate mutating func popOldest() -> (@Sendable () -> Void)? {
        guard let network = byCount[highest]?.first else { return nil }
        var found: (@Sendable () -> Void)?
        change(network) { silent in
            while found == nil, silent.head < silent.order.count {
                found = silent.closing.removeValue(forKey: silent.order[silent.head])
                silent.head += 1
            }
        }
        return found
    }

    private mutating func change(_ network: String, _ body: (inout ConnectionTable.SilentConnections) -> Void) {
        var connections = silent.removeValue(forKey: network) ?? ConnectionTable.SilentConnections()
        let before = connections.closing.count
        body(&connections)
        let after = connections.closing.count
        if connections.order.count > 2 * after + 16 {
            connections.order = connections.order[connections.head...].filter { connections.closing[$0] != nil }
            connections.head = 0
        }
        if after > 0 { silent[network] = connections }
        guard before != after else { return }
        byCount[before]?.remove(network)
        if byCount[before]?.isEmpty == true { byCount[before] = nil }
        if after > 0 { byCount[after, default: []].insert(network) }
        if after > before { highest = max(highest, after) }
        // The number changes by one at a time, so the next lower one is taken.
        if after < before, byCount[highest] == nil { highest -= 1 }
    }
}
