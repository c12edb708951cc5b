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
    /// Where administrators stay able to sign in, and to work, although the address is blocked or limited.
    package var administration: [IPNetwork] = []
    /// Whether administrators must have a second factor.
    package var adminFactorRequired = false
    /// How long a proof is good for what is sensitive (RULINGS C13).
    static let stepUpLifetime = TimeSpan.minutes(5)

    /// Whether there is a way to send mail; what needs one answers 424 otherwise.
    package var isMailAvailable = true
    /// How long a mailed link that sets a password counts.
    package var linkLifetime = TimeSpan.minutes(60)
    /// What links in mails begin with, without a slash at its end.
    package var linkBase = "http://127.0.0.1:8080"

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
