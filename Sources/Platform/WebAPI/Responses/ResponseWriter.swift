import HTTPServer
package import NIOCore

/// Takes the pieces of a streamed response, no faster than the client reads them.
package struct ResponseWriter: Sendable {
    let body: BodyWriter

    /// Returns once more can be taken; throws when nobody reads any longer.
    package func write(_ bytes: ByteBuffer) async throws {
        try await body.write(bytes)
    }

    package func write(_ bytes: [UInt8]) async throws {
        try await body.write(ByteBuffer(bytes: bytes))
    }

    package func write(_ text: String) async throws {
        try await body.write(ByteBuffer(string: text))
    }
}
