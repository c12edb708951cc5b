import CareSyncCore
import Cryptography
import Persistence
import Razorpay

/// What has become of an event.
struct EventVerdict: Sendable, Equatable {
    enum Outcome: String, Sendable, CaseIterable, SQLConvertible {
        case applied = "APPLIED"
        /// It told nothing new.
        case ignored = "IGNORED"
        /// A person must look at it.
        case review = "REVIEW"
    }

    let outcome: Outcome
    var reason: String?

    static func review(_ reason: String) -> EventVerdict { EventVerdict(outcome: .review, reason: reason) }

    init(outcome: Outcome, reason: String? = nil) {
        self.outcome = outcome
        self.reason = reason
    }

    init(_ outcome: Settlement.Outcome) {
        switch outcome {
        case .confirmed, .returned, .noted: self.init(outcome: .applied)
        case .known: self.init(outcome: .ignored)
        case .review(let reason): self = .review(reason)
        }
    }
}

/// The SQL of events that have been seen. Of their bodies only ids and sums are kept.
struct EventInbox {
    let db: any Connection

    static let longestID = 100
    static let longestName = 100

    /// `false` when the event has been seen before. Another transaction that is at it now is waited for.
    func insert(_ id: String, _ event: RazorpayEvent?) throws -> Bool {
        let order = event?.order?.id ?? event?.payment?.orderID
        let payment = event?.payment?.id ?? event?.refund?.paymentID
        let amount = event?.refund?.amount ?? event?.payment?.amount ?? event?.order?.amount
        return try db.run(
            """
            INSERT INTO payment_events (event_id, name, order_id, gateway_payment_id, gateway_refund_id, amount,
                                        outcome, received_at)
            VALUES (\(id), \(String((event?.name ?? "").prefix(Self.longestName))), \(order), \(payment),
                    \(event?.refund?.id), \(amount), 'APPLIED', \(db.now))
            ON CONFLICT (event_id) DO NOTHING
            """) == 1
    }

    func settle(_ id: String, _ verdict: EventVerdict) throws {
        try db.run(
            """
            UPDATE payment_events SET outcome = \(verdict.outcome), reason = \(verdict.reason)
            WHERE event_id = \(id)
            """)
    }

    /// The vendor's name of an event; without a usable one, a name made of its body, which is the same in every copy.
    static func id(_ header: String?, body: [UInt8]) -> String {
        if let header, (1...longestID).contains(header.utf8.count),
            header.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            return header
        }
        return "body-" + Hex.text(Digest.sha256(body))
    }
}
