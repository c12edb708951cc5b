import HTTPTypes

extension HTTPField.Name {
    static let forwardedFor = known("X-Forwarded-For")
    static let idempotencyKey = known("Idempotency-Key")
    static let referrerPolicy = known("Referrer-Policy")
    static let requestID = known("X-Request-Id")

    /// The literals above are tokens, so the fallback is never taken; it spares an unwrap that could trap.
    private static func known(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .userAgent
    }
}
