import Foundation
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Listens, and serves every connection by a ``ConnectionChannel``. Hummingbird binds the port, bounds the number of
/// connections and stops them gracefully.
package struct WebServer: Service {
    /// Nothing can listen where it was told to.
    package struct ListenFailure: Error, CustomStringConvertible {
        package let address: String
        package let reason: String

        package var description: String { "\(address) cannot be listened on: \(reason)." }
    }

    private let server: any Service
    private let address: String
    private let table: ConnectionTable

    /// How many connections it has at the moment.
    package var openConnections: Int { table.count }

    /// Beyond `connections` at a time, further ones wait in the backlog until one ends.
    ///
    /// - Parameter onListening: gets the port once connections are accepted.
    package init(
        host: String, port: Int, connections: Int = 10_000, responder: any RequestResponder,
        limits: ConnectionLimits = ConnectionLimits(), budget: BodyBudget = BodyBudget(), logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        let table = ConnectionTable(capacity: connections, grace: limits.newcomerTime)
        self.table = table
        let channel = ConnectionChannel(responder, limits: limits, budget: budget, table: table)
        address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        server = channel.server(
            configuration: ServerConfiguration(
                address: .hostname(host, port: port), backlog: 1024,
                availableConnectionsDelegate: .maximum(connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// Throws ``ListenFailure`` when the address cannot be had.
    package func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw ListenFailure(address: address, reason: String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError {
            throw ListenFailure(address: address, reason: "there is no such address")
        }
    }
}
