package import CareSyncCore

/// What an installation may decide about accounts and sessions; the defaults are those of RULINGS C1 and C2.
package struct IdentitySettings: Sendable {
    /// Whether an address must be verified before it can be registered.
    package var emailVerificationRequired = false
    /// Well above five minutes: the published client refreshes once less than that remains.
    package var accessLifetime = TimeSpan.minutes(15)
    /// How long a session lives however often it is refreshed.
    package var sessionLifetime = TimeSpan.days(90)
    /// How long the token just used still yields its successor, because the client refreshes in parallel.
    package var refreshGrace = TimeSpan.seconds(10)

    /// Whether the machine itself is never blocked; for development only (RULINGS C13).
    package var exemptsLoopback = false
    /// Whether administrators must have a second factor.
    package var adminFactorRequired = false
    /// How long a proof is good for what is sensitive (RULINGS C13).
    static let stepUpLifetime = TimeSpan.minutes(5)

    package init(
        emailVerificationRequired: Bool = false, exemptsLoopback: Bool = false, adminFactorRequired: Bool = false
    ) {
        self.emailVerificationRequired = emailVerificationRequired
        self.exemptsLoopback = exemptsLoopback
        self.adminFactorRequired = adminFactorRequired
    }

    func requiresFactor(of role: Role) -> Bool { adminFactorRequired && role == .admin }

    /// How long a refresh token waits to be used.
    func refreshLifetime(of role: Role) -> TimeSpan {
        switch role {
        case .patient: .days(30)
        case .doctor: .days(7)
        case .admin: .hours(12)
        }
    }
}
