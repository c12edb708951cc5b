import CareSyncCore
import Synchronization

/// The blocked addresses, so that a request costs no database query. This node's own changes take effect with their
/// commit, other nodes' with the next poll.
final class AddressBlockCache: Sendable {
    private struct State {
        /// By network, as ``CareSyncCore/IPAddress/network`` names it: somebody with one IPv6 address has all of its
        /// network.
        var expiries: [String: Instant] = [:]
        var changes: UInt64 = 0
    }

    /// Whether the machine itself is always served (rules/sign-in-protection 6).
    private let exemptsLoopback: Bool
    private let state = Mutex(State())

    init(exemptsLoopback: Bool) {
        self.exemptsLoopback = exemptsLoopback
    }

    /// Counts this node's changes. Anything read from the database before a change is stale.
    var changes: UInt64 { state.withLock { $0.changes } }

    func isBlocked(_ address: String, at now: Instant) -> Bool {
        let expiry = state.withLock { $0.expiries.isEmpty ? nil : $0.expiries[IPAddress.network(of: address)] }
        guard let expiry, now < expiry else { return false }
        return !(exemptsLoopback && IPAddress(address)?.isLoopback == true)
    }

    /// `nil` unblocks.
    func set(_ address: IPAddress, until expiry: Instant?) {
        state.withLock { state in
            state.changes &+= 1
            state.expiries[address.network] = expiry
        }
    }

    func removeAll() {
        state.withLock { state in
            state.changes &+= 1
            state.expiries = [:]
        }
    }

    /// Takes what was read, unless this node has changed something since `changes` was counted.
    func replace(with expiries: [String: Instant], ifChangesAre changes: UInt64) {
        state.withLock { state in
            if state.changes == changes { state.expiries = expiries }
        }
    }
}
