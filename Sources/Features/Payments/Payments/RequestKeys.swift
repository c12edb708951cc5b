import CareSyncCore
import Cryptography
package import Persistence

/// Tells requests apart that make payments. A code under our key stands for the body, because a body may hold the number of
/// a card, which nothing of ours keeps, not even as a hash that could be guessed.
struct RequestKeys: Sendable {
    /// How long an `Idempotency-Key` counts (rules/idempotency 1).
    static let lifetime = TimeSpan.hours(48)
    /// What stands for account, route and key; what stands for the body follows.
    static let prefixBytes = 32

    private let hash: KeyedHash

    init(root: RootSecret) {
        hash = KeyedHash(root.derive(.idempotency))
    }

    func key<Value>(of request: Idempotency<Value>) -> [UInt8] {
        hash.code(forParts: [
            Array("payment".utf8), Array("\(request.principal)".utf8), Array(request.route.utf8),
            Array(request.key.utf8),
        ]) + hash.code(for: request.bodyHash)
    }

    /// The same request, whose body is known by our code.
    func guarded<Value>(_ request: Idempotency<Value>) -> Idempotency<Value> {
        Idempotency(
            principal: request.principal, route: request.route, key: request.key,
            bodyHash: hash.code(for: request.bodyHash), encode: request.encode, encodeFailure: request.encodeFailure)
    }
}

extension PaymentRepository {
    /// The payment that a request has made. Throws `IDEMPOTENCY_KEY_REUSED` when that was another request under its key.
    func find(requestKey key: [UInt8]) throws -> Payment? {
        let prefix = Array(key.prefix(RequestKeys.prefixBytes))
        let end = prefix + [UInt8](repeating: 0xFF, count: RequestKeys.prefixBytes + 1)
        let found: KeyedPayment? = try db.first(
            """
            SELECT \(Payment.columns), y.request_key FROM payments y
            WHERE y.request_key >= \(prefix) AND y.request_key <= \(end)
            ORDER BY y.request_key LIMIT 1
            """)
        guard let found else { return nil }
        if found.payment.createdAt + RequestKeys.lifetime <= db.now {
            try db.run("UPDATE payments SET request_key = NULL WHERE id = \(found.payment.id)")
            return nil
        }
        guard found.key == key else { throw IdempotencyError.keyReused }
        return found.payment
    }

    private struct KeyedPayment: RowDecodable {
        let payment: Payment
        let key: [UInt8]

        init(row: Row) throws {
            payment = try Payment(row: row)
            key = try row.value("request_key")
        }
    }
}

extension PaymentDesk {
    /// What ``PaymentOrder/requestKey`` has to be for a request with an `Idempotency-Key`.
    package func requestKey<Value>(of request: Idempotency<Value>) -> [UInt8] {
        RequestKeys(root: context.root).key(of: request)
    }

    /// The request as its answer is kept: its body is known by a code of ours, since it may hold the number of a card.
    package func guarded<Value>(_ request: Idempotency<Value>) -> Idempotency<Value> {
        RequestKeys(root: context.root).guarded(request)
    }
}
