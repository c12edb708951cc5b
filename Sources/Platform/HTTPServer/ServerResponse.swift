package import NIOCore
package import NIOHTTP1

/// An answer, without the fields that frame it and those that belong to the connection: these are added when it is
/// written.
package struct ServerResponse: Sendable {
    package enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Written as it is made. A `length` that is known is told in advance. When the closure throws, or writes another
        /// number of bytes than it said, the connection is cut, so that no client takes the part for the whole.
        case stream(length: Int?, @Sendable (BodyWriter) async throws -> Void)
        /// The connection is another protocol's from here on.
        case upgrade(ConnectionUpgrade)
    }

    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body

    package init(status: Int, headers: HTTPHeaders, body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether no body could follow the head (RFC 9110 §6.4.1).
    var isBodiless: Bool { status == 204 || status == 304 }
}
