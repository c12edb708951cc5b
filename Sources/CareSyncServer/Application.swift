import CareSyncCore
package import HTTPServer
import Identity
import Logging
import Persistence
package import WebAPI

extension CareSync {
    /// What answers requests.
    package func makeResponder(observers: [RequestObserver] = []) throws -> APIResponder {
        let services = database.services
        let web = configuration.web
        return try APIResponder(
            endpoints: endpoints, pages: try DocumentPages.all(of: self),
            settings: APISettings(
                authenticator: authenticator, stepUp: identity.stepUpGuard,
                rateLimiter: web.hasRateLimits ? RateLimiter(store: MemoryQuotas()) : .unlimited,
                addressGuard: identity.addressGuard,
                denials: denials.recorder,
                crossOrigin: CrossOrigin(origins: web.corsOrigins + (web.publicURL.map { [$0.origin] } ?? [])),
                clientAddress: ClientAddress(trustedProxies: web.trustedProxies), observers: observers,
                time: services.time,
                random: services.random, isTransportSecure: web.publicURL?.isSecure ?? false))
    }

    /// The HTTP server. `onListening` gets the port once connections are accepted.
    package func makeServer(
        connections: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) throws -> WebServer {
        WebServer(
            host: configuration.host, port: configuration.port, connections: connections,
            responder: try makeResponder(), logger: logger, onListening: onListening)
    }
}
