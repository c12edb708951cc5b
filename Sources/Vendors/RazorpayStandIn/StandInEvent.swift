import CareSyncCore
import Cryptography

/// An event as it is sent: signed, and with the same id each time.
package struct StandInEvent: Codable, Sendable {
    /// Goes into the header `x-razorpay-event-id`.
    package let id: String
    /// Such as `payment.captured`.
    package let name: String
    /// The bytes that are signed.
    package let body: [UInt8]
    /// Goes into the header `X-Razorpay-Signature`.
    package let signature: String

    init(_ news: Ledger.News, id: String, at second: Int64, secret: KeyedHash) {
        self.id = id
        name = news.name
        body =
            VendorJSON.object([
                "entity": "event", "account_id": "acc_CareSyncStandIn", "event": .text(news.name),
                "contains": .list(news.entities.map { .text($0.name) }),
                "payload": .object(
                    Dictionary(news.entities.map { ($0.name, ["entity": $0.entity]) }) { _, last in last }),
                "created_at": .integer(second),
            ]).bytes
        signature = Hex.text(secret.code(for: body))
    }

    package var headers: [String: String] {
        ["X-Razorpay-Signature": signature, "x-razorpay-event-id": id, "Content-Type": "application/json"]
    }
}
