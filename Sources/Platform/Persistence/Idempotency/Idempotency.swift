package import CareSyncCore

/// An answer as it was sent, stored so that a repeated request gets the same bytes.
package struct StoredResponse: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// A failure whose rendered answer was stored; it is sent as it stands.
package struct StoredFailure: Error, Sendable {
    package let answer: StoredResponse
}

/// A fresh value, or the answer an earlier request with the same key got.
package enum Replayable<Value: Sendable>: Sendable {
    case fresh(Value)
    case stored(StoredResponse)
}

/// A request that must take effect once, however often it is sent (rules/idempotency 2).
package struct Idempotency<Value: Sendable>: Sendable {
    package let principal: UserID
    package let route: String
    /// 1 to 255 visible ASCII characters, unique per account and route.
    package let key: String
    /// SHA-256 of the body (and query), so that another request under the same key is noticed.
    package let bodyHash: [UInt8]
    package let encode: @Sendable (Value) throws -> StoredResponse
    package let encodeFailure: @Sendable (Problem) throws -> StoredResponse
    private(set) var permit: @Sendable (any Connection) throws -> Void = { _ in }

    package init(
        principal: UserID, route: String, key: String, bodyHash: [UInt8],
        encode: @escaping @Sendable (Value) throws -> StoredResponse,
        encodeFailure: @escaping @Sendable (Problem) throws -> StoredResponse
    ) {
        self.principal = principal
        self.route = route
        self.key = key
        self.bodyHash = bodyHash
        self.encode = encode
        self.encodeFailure = encodeFailure
    }

    /// Asked before a stored answer is given: throws when the caller may no longer see it. What it throws is not stored.
    package func permitted(by permit: @escaping @Sendable (any Connection) throws -> Void) -> Idempotency {
        var request = self
        request.permit = permit
        return request
    }
}

package enum IdempotencyError: FailureCatalogue, CaseIterable {
    case inProgress, keyReused

    package var problem: Problem {
        switch self {
        case .inProgress:
            Problem(.conflict, "REQUEST_IN_PROGRESS", "The same request is still being processed.", retryAfter: 1)
        case .keyReused:
            Problem(.unprocessable, "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another request.")
        }
    }
}

/// Encrypts blobs that only this server reads back. The second argument is bound to the ciphertext.
package struct BlobSealer: Sendable {
    package let seal: @Sendable (_ plaintext: [UInt8], _ context: [UInt8]) throws -> [UInt8]
    package let open: @Sendable (_ sealed: [UInt8], _ context: [UInt8]) throws -> [UInt8]

    package init(
        seal: @escaping @Sendable ([UInt8], [UInt8]) throws -> [UInt8],
        open: @escaping @Sendable ([UInt8], [UInt8]) throws -> [UInt8]
    ) {
        self.seal = seal
        self.open = open
    }
}
