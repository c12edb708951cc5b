package import CareSyncCore
package import Settings

/// What an installation may decide about accounts and sessions; the defaults are those of rules/sessions-and-tokens 1
/// to 3.
package struct IdentitySettings: Sendable {
    /// Whether an address must be verified before it can be registered.
    package var emailVerificationRequired = false
    /// Well above five minutes: the published client refreshes once less than that remains.
    package var accessLifetime = TimeSpan.minutes(15)
    /// How long a session lives at most, however often it is refreshed.
    package var sessionLifetime = TimeSpan.days(90)
    /// How long the token just used still yields its successor, since the client refreshes in parallel.
    package var refreshGrace = TimeSpan.seconds(10)

    /// Whether the machine itself is never blocked; for development only (rules/sign-in-protection 6).
    package var exemptsLoopback = false
    /// Networks in which administrators can sign in and work although the address is blocked or limited.
    package var administration: [IPNetwork] = []
    /// Whether administrators must have a second factor.
    package var adminFactorRequired = false
    /// How long a proof is good for what is sensitive (rules/second-factor 4).
    static let stepUpLifetime = TimeSpan.minutes(5)

    /// Whether mail can be sent; without it, requests that need it answer 424.
    package var isMailAvailable = true
    /// How long a mailed password link is valid.
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

    /// - Parameters:
    ///   - isMailAvailable: what needs mail answers 424 without it.
    ///   - linkBase: what links in mails begin with.
    package init(reading reader: inout SettingsReader, isMailAvailable: Bool, linkBase: String) {
        exemptsLoopback = reader.mode == .development
        emailVerificationRequired = reader.requirement(.emailVerification) == .required
        adminFactorRequired = reader.requirement(.adminSecondFactor) == .required
        administration = reader.value(.adminNetworks, default: [], shown: "none", SettingValues.networks)
        linkLifetime = .minutes(
            Int64(reader.value(.linkLifetime, default: 60, shown: "60", SettingValues.number(5...1440))))
        self.isMailAvailable = isMailAvailable
        self.linkBase = linkBase
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

extension Setting {
    static let emailVerification = Setting(
        "CARESYNC_EMAIL_VERIFICATION", "required or optional (production: required, development: optional)")
    static let adminSecondFactor = Setting(
        "CARESYNC_ADMIN_SECOND_FACTOR",
        "required or optional second factor of administrators (production: required, development: optional)")
    static let adminNetworks = Setting(
        "CARESYNC_ADMIN_NETWORKS",
        "networks in which administrators can still sign in when an address is blocked, a list (none)")
    static let linkLifetime = Setting(
        "CARESYNC_LINK_TTL", "how many minutes mailed password links and links to documents work, 5 to 1440 (60)")
}
