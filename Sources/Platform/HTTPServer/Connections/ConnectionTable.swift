import CareSyncCore
package import NIOCore
import Synchronization

/// All connections of the process, so that those nobody uses make room for new ones.
///
/// There is no fixed number per address, because a whole clinic sits behind one. But once four fifths of the sockets are
/// taken, each new connection closes others that have no request in hand, whether they never sent one or wait between two:
/// of the network (an IPv4 address, an IPv6 /64) that has most of them, those that have waited longest. Somebody who has
/// only just come or only just been answered is left alone as long as there is room at all. Connections with a request in
/// hand are never closed for others.
package final class ConnectionTable: Sendable {
    /// A connection while it is open. Its events come from its own event loop.
    struct Entry: Sendable {
        fileprivate let number: Int
    }

    fileprivate struct Connection {
        let network: Int
        /// Empty once it has gone, because numbers live longer.
        var close: (@Sendable () -> Void)?
        var since: NIODeadline
        var state = ConnectionState.waiting
    }

    fileprivate enum ConnectionState {
        /// For a request; in the list of its network.
        case waiting
        case busy
        /// Asked to close.
        case leaving
    }

    fileprivate struct Network {
        let name: String
        /// Its connections, waiting or not.
        var open = 0
        /// Those that wait, the longest waiting first.
        var waiting = LinkedItems<Connection>.List()
    }

    fileprivate struct State {
        var open = 0
        var leaving = 0
        var connections = LinkedItems<Connection>()
        var networks = LinkedItems<Network>()
        var numbers: [String: Int] = [:]
        /// Networks by the number of their waiting connections.
        var byCount: [LinkedItems<Network>.List] = []
    }

    /// How many each newcomer may close, so that the room which was used up by a rush comes back.
    private static let mostVictims = 2

    private let state = Mutex(State())
    private let capacity: Int
    private let threshold: Int
    private let grace: TimeAmount
    private let now: @Sendable () -> NIODeadline

    /// - Parameters:
    ///   - capacity: how many connections the process can have.
    ///   - grace: how long a connection may wait before it is closed for others while there is room.
    package init(
        capacity: Int, grace: TimeAmount = .milliseconds(500), now: @escaping @Sendable () -> NIODeadline = { .now() }
    ) {
        self.capacity = capacity
        threshold = capacity / 5 * 4
        self.grace = grace
        self.now = now
    }

    package var count: Int { state.withLock(\.open) }

    /// Takes in a connection that has sent nothing yet. `close` may be called on any thread; it does nothing to a connection
    /// that has a request in hand by then.
    func add(from peer: String, close: @escaping @Sendable () -> Void) -> Entry {
        let network = IPAddress.network(of: peer)
        let time = now()
        let (entry, victims) = state.withLock { state in
            state.open += 1
            var victims: [@Sendable () -> Void] = []
            while state.open - state.leaving > threshold, victims.count < Self.mostVictims {
                let latest = state.open < capacity ? time - grace : time
                guard let victim = state.popLongest(until: latest) else { break }
                victims.append(victim)
            }
            return (Entry(number: state.insert(from: network, close, at: time)), victims)
        }
        for victim in victims { victim() }
        return entry
    }

    /// A request begins.
    func isBusy(_ entry: Entry) {
        state.withLock { $0.move(entry.number, to: .busy) }
    }

    /// It waits for the next request.
    func isWaiting(_ entry: Entry) {
        let time = now()
        state.withLock { state in
            state.connections[entry.number].since = time
            state.move(entry.number, to: .waiting)
        }
    }

    func isClosed(_ entry: Entry) {
        state.withLock { $0.remove(entry.number) }
    }
}

extension ConnectionTable.State {
    fileprivate mutating func insert(
        from name: String, _ close: @escaping @Sendable () -> Void, at time: NIODeadline
    ) -> Int {
        let network = numbers[name] ?? networks.insert(ConnectionTable.Network(name: name))
        numbers[name] = network
        networks[network].open += 1
        let number = connections.insert(ConnectionTable.Connection(network: network, close: close, since: time))
        changeWaiting(of: network) { connections, list in connections.append(number, to: &list) }
        return number
    }

    fileprivate mutating func move(_ number: Int, to next: ConnectionTable.ConnectionState) {
        let (state, network) = (connections[number].state, connections[number].network)
        guard state != next else { return }
        connections[number].state = next
        if state == .leaving { leaving -= 1 }
        if next == .leaving { leaving += 1 }
        if state == .waiting {
            changeWaiting(of: network) { connections, list in connections.take(number, from: &list) }
        } else if next == .waiting {
            changeWaiting(of: network) { connections, list in connections.append(number, to: &list) }
        }
    }

    fileprivate mutating func remove(_ number: Int) {
        move(number, to: .busy)
        let network = connections[number].network
        connections[number].close = nil
        connections.forget(number)
        open -= 1
        networks[network].open -= 1
        guard networks[network].open == 0 else { return }
        numbers[networks[network].name] = nil
        networks.forget(network)
    }

    /// The closure that closes the longest waiting connection of the network that has most of them, if that one has waited
    /// since `latest` or before. No other network pays for a rush.
    fileprivate mutating func popLongest(until latest: NIODeadline) -> (@Sendable () -> Void)? {
        guard let network = byCount.last?.first, let number = networks[network].waiting.first,
            connections[number].since <= latest
        else { return nil }
        move(number, to: .leaving)
        return connections[number].close
    }

    /// Moves the network to the list for its new number of waiting connections. The last of these lists is never empty.
    private mutating func changeWaiting(
        of network: Int,
        _ body: (inout LinkedItems<ConnectionTable.Connection>, inout LinkedItems<ConnectionTable.Connection>.List) ->
            Void
    ) {
        let before = networks[network].waiting.count
        body(&connections, &networks[network].waiting)
        let after = networks[network].waiting.count
        if before > 0 { networks.take(network, from: &byCount[before - 1]) }
        if after > byCount.count { byCount.append(LinkedItems<ConnectionTable.Network>.List()) }
        if after > 0 { networks.append(network, to: &byCount[after - 1]) }
        while byCount.last?.count == 0 { byCount.removeLast() }
    }
}
