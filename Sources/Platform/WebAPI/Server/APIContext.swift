import HTTPTypes
package import Hummingbird
import NIOCore
import NIOHTTPTypes

/// What travels with a request through the router.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let peer: SocketAddress?
    private let channel: any Channel
    var facts: ArrivalFacts?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress
        channel = source.channel
    }

    /// Asks a client that waits for it to send the body (RFC 9110 §10.1.1). Only once the request is admitted: whoever
    /// is refused sends none.
    func invite(_ request: Request) {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
    }
}
