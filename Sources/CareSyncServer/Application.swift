import CareSyncCore
import CareSyncMetrics
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
        let pages = try DocumentPages.all(of: self)
        let counting = HTTPMetrics(
            registry: metrics.registry, paths: endpoints.map(\.path) + pages.map(\.path))
        return try APIResponder(
            endpoints: endpoints, pages: pages,
            settings: APISettings(
                authenticator: authenticator, stepUp: identity.stepUpGuard,
                rateLimiter: web.hasRateLimits ? RateLimiter(store: MemoryQuotas()) : .unlimited,
                addressGuard: identity.addressGuard,
                denials: denials.recorder,
                crossOrigin: CrossOrigin(origins: web.corsOrigins + (web.publicURL.map { [$0.origin] } ?? [])),
                clientAddress: ClientAddress(trustedProxies: web.trustedProxies),
                observers: [counting.observer] + observers,
                time: services.time,
                random: services.random, isTransportSecure: web.publicURL?.isSecure ?? false))
    }

    /// The HTTP server. `onListening` gets the port once connections are accepted.
    package func makeServer(
        connections: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) throws -> WebServer {
        let server = WebServer(
            host: configuration.host, port: configuration.port, connections: connections,
            responder: try makeResponder(), logger: logger, onListening: onListening)
        metrics.registry.observe("caresync_http_open_connections", "Connections to the port of the API.") {
            Double(server.openConnections)
        }
        return server
    }

    /// What answers on the port of the metrics; `nil` when they have none.
    package func makeMetricsServer(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> WebServer? {
        configuration.metricsPort.map { port in
            WebServer(
                host: configuration.host, port: port, connections: Self.metricsConnections,
                responder: MetricsResponder(report: metrics), logger: logger, onListening: onListening)
        }
    }

    /// Those who scrape are few.
    private static let metricsConnections = 16
}
