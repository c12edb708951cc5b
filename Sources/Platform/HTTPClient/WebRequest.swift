package import NIOCore

/// A request to somebody else's server.
package struct WebRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"

        /// Whether sending it twice does what sending it once does.
        package var isIdempotent: Bool { self != .post && self != .patch }
    }

    package var method: Method
    /// Absolute and percent-encoded; it leaves as it stands.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: WebBody
    /// Whether it may be sent again when nobody knows what became of it, as with a key that makes repetitions harmless.
    package var isRepeatable: Bool

    /// - Parameter isRepeatable: what the method says unless given.
    package init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: WebBody = .none,
        isRepeatable: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.isRepeatable = isRepeatable ?? method.isIdempotent
    }
}

/// What a request carries.
package enum WebBody: Sendable {
    case none
    case bytes([UInt8])
    /// `length` bytes, asked for piece by piece as they leave, and again from the start by a repetition.
    case stream(length: Int64, read: @Sendable (_ offset: Int64, _ count: Int) async throws -> ByteBuffer)
}
