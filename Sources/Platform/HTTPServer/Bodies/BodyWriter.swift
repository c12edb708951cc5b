package import NIOCore

/// Takes the pieces of a streamed answer, no faster than the client reads them.
package struct BodyWriter: Sendable {
    /// The client has gone or has stopped reading, so the rest is not needed.
    package struct ClientGone: Error {
        package init() {}
    }

    private let send: @Sendable (ByteBuffer) async throws -> Void

    package init(_ send: @escaping @Sendable (ByteBuffer) async throws -> Void) {
        self.send = send
    }

    /// Returns once more can be taken. Throws ``ClientGone`` when nobody reads any longer.
    package func write(_ bytes: ByteBuffer) async throws {
        if bytes.readableBytes > 0 { try await send(bytes) }
    }
}
