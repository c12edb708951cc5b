package import CareSyncCore
import Crypto
import HTTPServer
import HTTPTypes
import NIOCore

/// What a handler may need of the request beside its decoded parts.
package struct RequestMetadata: Sendable {
    /// Method and path template, such as `POST /api/appointments/patient/book`.
    package let route: String
    package let path: String
    package let query: String
    package let requestID: String
    package let receivedAt: Instant
    /// Whether only the head of the answer is wanted.
    package let isHead: Bool
    let headers: RequestHeaders
    let body: ByteBuffer
    /// What every error of the endpoint tells.
    let advice: String?
    /// What success is answered with.
    let status: Int

    init(
        _ route: String, _ exchange: Exchange, body: ByteBuffer = ByteBuffer(), advice: String? = nil,
        status: Int = 200
    ) {
        self.route = route
        path = exchange.request.path
        query = exchange.request.query
        requestID = exchange.arrival.requestID
        receivedAt = exchange.arrival.receivedAt
        isHead = exchange.request.method == .head
        headers = exchange.request.headers
        self.body = body
        self.advice = advice
        self.status = status
    }

    /// Whether the query names a value, even an empty one.
    package func hasQueryValue(_ name: String) -> Bool {
        query.split(separator: "&").contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    /// The value of a header field that only few endpoints know; `nil` without one, and for what is no name.
    package func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }

    package var userAgent: String? { headers[.userAgent] }
    package var ifNoneMatch: String? { headers[.ifNoneMatch] }

    /// The key without the quotes that the header's draft standard puts around it; 400 unless 1 to 255 visible ASCII
    /// characters.
    func idempotencyKey() throws -> String? {
        guard let field = headers[.idempotencyKey] else { return nil }
        var key = field
        if key.utf8.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = String(key.dropFirst().dropLast()) }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem.invalid(
                "Idempotency-Key", "INVALID_ARGUMENT", rule: "must be 1 to 255 visible ASCII characters")
        }
        return key
    }

    /// SHA-256 over query and body: two requests under one idempotency key must agree in it.
    var fingerprint: [UInt8] {
        var hash = SHA256()
        hash.update(data: Array(path.utf8))
        hash.update(data: [0])
        hash.update(data: Array(query.utf8))
        hash.update(data: [0])
        body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}
