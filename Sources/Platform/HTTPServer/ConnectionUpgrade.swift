package import NIOCore

/// How a connection leaves HTTP for another protocol, such as WebSocket. An endpoint answers with it, so that a request for
/// an upgrade takes the same way as any other: address, origin, caller and quota are judged before the connection changes.
/// It works on any request of a connection.
package struct ConnectionUpgrade: Sendable {
    /// As the field `Upgrade` names it: `websocket`.
    package let name: String
    /// Adds the handlers that speak the protocol. On the event loop of the channel; whatever the client sent behind its
    /// request comes to them first.
    package let install: @Sendable (any Channel) -> EventLoopFuture<Void>

    package init(to name: String, install: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) {
        self.name = name
        self.install = install
    }
}
