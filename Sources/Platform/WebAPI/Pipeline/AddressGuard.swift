package import CareSyncCore

/// Decides which addresses are served. The identity feature supplies it. It is asked on every request, so it answers
/// from memory.
package struct AddressGuard: Sendable {
    package enum Verdict: Sendable, Equatable {
        case open
        /// Blocked for everybody except administrators, who may also sign in (rules/sign-in-protection 5).
        case administrators
        case closed
    }

    package let verdict: @Sendable (_ address: String, _ now: Instant) -> Verdict

    package init(_ verdict: @escaping @Sendable (String, Instant) -> Verdict) {
        self.verdict = verdict
    }

    /// Serves everyone.
    package static let open = AddressGuard { _, _ in .open }

    func verdict(on path: String, from address: String, at now: Instant) -> Verdict {
        let verdict = verdict(address, now)
        return verdict == .open || Self.isAlwaysOpen(path) ? .open : verdict
    }

    /// Health checks are answered at every address.
    static func isAlwaysOpen(_ path: String) -> Bool {
        path.hasPrefix("/health/") || path == "/actuator/health"
    }
}

extension Problem {
    package static let addressBlocked = Problem(.forbidden, "IP_BLOCKED", "This address has been blocked.")
}
