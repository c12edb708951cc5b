import CareSyncCore
import Persistence
import WebAPI

/// Whom an address may be used by, as far as blocks decide it (RULINGS C4). In the networks of the administration, a block
/// leaves administrators in (contract/common.md §7): otherwise whoever gets an address blocked also locks out those who
/// could lift it.
struct AddressGate: Sendable {
    let blocks: AddressBlockCache
    /// Where administrators stay able to sign in.
    let administration: [IPNetwork]

    func verdict(on address: String, at now: Instant) -> AddressGuard.Verdict {
        guard blocks.isBlocked(address, at: now) else { return .open }
        return servesAdministrators(address) ? .administrators : .closed
    }

    /// Whether blocks of the address are for others than administrators.
    func servesAdministrators(_ address: String) -> Bool {
        guard !administration.isEmpty, let address = IPAddress(address) else { return false }
        return administration.contains { $0.contains(address) }
    }

    /// Refuses everybody but administrators at a blocked address.
    ///
    /// - Parameter role: `nil` when it is not known who is asking.
    func require(_ role: Role?, at origin: RequestOrigin, now: Instant) throws {
        guard role != .admin, verdict(on: origin.address, at: now) != .open else { return }
        throw GuardError.addressClosed
    }
}
