package import CareSyncCore

/// Decides which addresses are not served. The identity feature supplies it. It is asked on every request, so it answers
/// from memory.
package struct AddressGuard: Sendable {
    package let isBlocked: @Sendable (_ address: String, _ now: Instant) -> Bool

    package init(_ isBlocked: @escaping @Sendable (String, Instant) -> Bool) {
        self.isBlocked = isBlocked
    }

    /// Serves everyone.
    package static let open = AddressGuard { _, _ in false }

    /// What supervisors and load balancers ask is answered to whoever asks.
    static func isOpen(_ path: String) -> Bool {
        path.hasPrefix("/health/") || path == "/actuator/health"
    }
}

extension Problem {
    static let addressBlocked = Problem(.forbidden, "IP_BLOCKED", "This address has been blocked.")
}
