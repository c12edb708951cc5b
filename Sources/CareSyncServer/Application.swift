import CareSyncCore
package import Hummingbird
import HummingbirdCore
import Identity
import Logging
import NIOCore
import Persistence
package import WebAPI

extension CareSync {
    /// The HTTP server. `onListening` gets the port once connections are accepted. Beyond `connections` at a time,
    /// further ones wait in the backlog until one ends.
    package func buildApplication(
        connections: Int = 10_000,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> Application<APIResponder> {
        let services = database.services
        let web = configuration.web
        let responder = try APIResponder(
            endpoints: endpoints, pages: try DocumentPages.all(of: self),
            settings: APISettings(
                authenticator: authenticator, stepUp: identity.stepUpGuard,
                rateLimiter: web.hasRateLimits ? RateLimiter(store: MemoryQuotas()) : .unlimited,
                addressGuard: identity.addressGuard,
                denials: DenialAudit(database: database).recorder,
                crossOrigin: CrossOrigin(origins: web.corsOrigins + (web.publicURL.map { [$0.origin] } ?? [])),
                clientAddress: ClientAddress(trustedProxies: web.trustedProxies), time: services.time,
                random: services.random, isTransportSecure: web.publicURL?.isSecure ?? false))
        return Application(
            responder: responder,
            server: HTTPServerBuilder { _ in ConnectionChannel(responder) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 1024,
                availableConnectionsDelegate: .maximum(connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
    }
}
