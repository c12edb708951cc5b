import CareSyncCore
import Persistence
import WebAPI

/// Who may use an address, as far as blocks decide (rules/sign-in-protection 4). In the networks of the administration,
/// a block leaves administrators in (rules/sign-in-protection 5): otherwise somebody who gets an address blocked also
/// locks out those who could lift the block.
struct AddressGate: Sendable {
    let blocks: AddressBlockCache
    /// Where administrators can always sign in.
    let administration: [IPNetwork]

    func verdict(on address: String, at now: Instant) -> AddressGuard.Verdict {
        guard blocks.isBlocked(address, at: now) else { return .open }
        return servesAdministrators(address) ? .administrators : .closed
    }

    /// Whether blocks of the address spare administrators.
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
