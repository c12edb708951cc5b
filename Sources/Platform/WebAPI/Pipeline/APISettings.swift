package import CareSyncCore

/// What the pipeline needs, whatever the features are.
package struct APISettings: Sendable {
    package var authenticator: Authenticator
    package var stepUp: StepUpGuard
    package var rateLimiter: RateLimiter
    package var addressGuard: AddressGuard
    package var denials: DenialRecorder
    package var crossOrigin: CrossOrigin
    package var clientAddress: ClientAddress
    /// Told of every request, in this order: metrics, tracing.
    package var observers: [RequestObserver]
    package var time: TimeSource
    package var random: RandomSource
    /// Sends `Strict-Transport-Security`; for a public address that is https.
    package var isTransportSecure: Bool

    package init(
        authenticator: Authenticator, stepUp: StepUpGuard = .closed, rateLimiter: RateLimiter = .unlimited,
        addressGuard: AddressGuard = .open,
        denials: DenialRecorder = .none,
        crossOrigin: CrossOrigin = CrossOrigin(origins: []),
        clientAddress: ClientAddress = ClientAddress(trustedProxies: []),
        observers: [RequestObserver] = [],
        time: TimeSource, random: RandomSource, isTransportSecure: Bool = false
    ) {
        self.authenticator = authenticator
        self.stepUp = stepUp
        self.rateLimiter = rateLimiter
        self.addressGuard = addressGuard
        self.denials = denials
        self.crossOrigin = crossOrigin
        self.clientAddress = clientAddress
        self.observers = observers
        self.time = time
        self.random = random
        self.isTransportSecure = isTransportSecure
    }
}
