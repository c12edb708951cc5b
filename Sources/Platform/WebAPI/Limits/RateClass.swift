package import CareSyncCore
import HTTPTypes

/// Which quota a request draws on. An endpoint declares it; most leave it to their method.
package enum RateClass: String, Sendable, CaseIterable {
    /// GET counts as ``read``, everything else as ``write``.
    case standard
    case read
    case write
    /// Sign-in and everything else that checks passwords. The lockout of an account (rules/sign-in-protection 1) is
    /// beside it.
    case authentication = "sign-in"
    /// Making an account, which costs a hash of a password.
    case registration
    /// What sends or checks one-time codes and links.
    case code
    /// Refresh and sign-out: their tokens cannot be guessed.
    case token
    /// Whether a user name or an address is free; also the published client's liveness probe.
    case availability
    /// Sending files.
    case upload
    /// Expensive searches and generated files.
    case expensive
    /// Never limited: health checks.
    case exempt
}

/// How much is allowed: `requests` at once, and again as many in each `window`, evenly.
package struct Quota: Sendable, Equatable {
    package let requests: Int64
    package let window: TimeSpan

    package init(_ requests: Int64, per window: TimeSpan) {
        self.requests = requests
        self.window = window
    }

    /// Microseconds until one more request is earned.
    var interval: Int64 { window.microseconds / requests }
}

/// The quotas of a class: of each account, and of each address (an IPv6 network of 2^64 counts as one).
struct ClassQuotas: Sendable {
    let account: Quota
    let address: Quota

    init(account: Int64, address: Int64) {
        self.account = Quota(account, per: .minutes(1))
        self.address = Quota(address, per: .minutes(1))
    }
}

extension RateClass {
    /// Requests a minute. An account is a person with a browser or two; an address may be a hospital of several hundred,
    /// so it gets what twenty busy people need.
    var quotas: ClassQuotas? {
        switch self {
        // A page of the published client makes up to ten reads at once: sixty page loads a minute.
        case .standard, .read: ClassQuotas(account: 600, address: 12_000)
        // Two a second for a minute is more than a person types.
        case .write: ClassQuotas(account: 120, address: 3_000)
        // At cost 12 one core checks about four passwords a second; a shift that signs in at nine fits.
        case .authentication: ClassQuotas(account: 30, address: 300)
        // A front desk registers a few patients a minute.
        case .registration: ClassQuotas(account: 10, address: 10)
        // Each code has five guesses of its own; a front desk registers few patients a minute, in three or four steps each.
        case .code: ClassQuotas(account: 20, address: 120)
        // Several tabs refresh at once, and every client of a clinic once in ten minutes.
        case .token: ClassQuotas(account: 120, address: 3_000)
        // A form asks at every pause in typing; a client that waits for the server asks every 3 s, 40 times.
        case .availability: ClassQuotas(account: 600, address: 1_200)
        // A folder of scans; each is checked, sealed and stored.
        case .upload: ClassQuotas(account: 60, address: 600)
        case .expensive: ClassQuotas(account: 60, address: 600)
        case .exempt: nil
        }
    }

    func resolved(isRead: Bool) -> RateClass {
        self == .standard ? (isRead ? .read : .write) : self
    }
}

extension Endpoint {
    /// `nil` when it is not limited.
    var limits: RateLimits? { RateLimits(settings.rateClass, isRead: method == .get) }
}
