import CareSyncCore
import Persistence

/// Something about money that a person must decide.
struct ReviewItem: RowDecodable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable, CaseIterable, ColumnValue {
        /// Money that fits no payment, or fits one in part only.
        case capture = "CAPTURE"
        /// The vendor told of something that is not known here.
        case event = "EVENT"
        /// The vendor has refused to give money back, or could not.
        case refundFailed = "REFUND_FAILED"
        /// Money that came past the vendor has to be handed back.
        case refundByHand = "REFUND_BY_HAND"
    }

    let kind: Kind
    let transactionID: String?
    let gatewayPaymentID: String?
    let amount: Money?
    /// A code, or a sentence without anything of a person.
    let reason: String?
    let since: Instant

    init(row: Row) throws {
        kind = try row.value("kind")
        transactionID = try row.value("transaction_id")
        gatewayPaymentID = try row.value("gateway_payment_id")
        amount = try row.value("amount")
        reason = try row.value("reason")
        since = try row.value("since")
    }
}

/// The SQL of what waits for a person.
struct ReviewList {
    let db: any Connection

    /// So many of each kind, the oldest first; events, which only time settles, the newest.
    static let limit = 200

    func find() throws -> [ReviewItem] {
        try Self.statements.flatMap { try db.all($0) as [ReviewItem] }
    }

    static let statements: [SQL] = [captures, failed, byHand, events]

    private static let captures: SQL = """
        SELECT 'CAPTURE' AS kind, y.transaction_id, c.gateway_payment_id, c.amount, c.reason, c.captured_at AS since
        FROM payment_captures c LEFT JOIN payments y ON y.id = c.payment_id
        WHERE c.state = 'REVIEW' ORDER BY c.captured_at LIMIT \(limit)
        """

    /// Until all of the same money is asked back again.
    private static let failed: SQL = """
        SELECT 'REFUND_FAILED' AS kind, y.transaction_id, r.gateway_payment_id, r.amount, r.reason,
               r.created_at AS since
        FROM refunds r LEFT JOIN payments y ON y.id = r.payment_id
        WHERE r.status = 'REFUND_FAILED' AND r.amount > (
            SELECT coalesce(sum(later.amount), 0) FROM refunds later
            WHERE later.gateway_payment_id = r.gateway_payment_id AND later.status <> 'REFUND_FAILED'
              AND later.created_at >= r.settled_at)
        ORDER BY r.created_at, r.id LIMIT \(limit)
        """

    private static let byHand: SQL = """
        SELECT 'REFUND_BY_HAND' AS kind, y.transaction_id, r.gateway_payment_id, r.amount, r.reason,
               r.created_at AS since
        FROM refunds r JOIN payments y ON y.id = r.payment_id
        WHERE r.status IN ('REFUND_PENDING', 'REFUND_PROCESSING') AND r.gateway_payment_id LIKE 'manual-%'
        ORDER BY r.created_at, r.id LIMIT \(limit)
        """

    /// Those whose money is listed, or known by now, need no second line.
    private static let events: SQL = """
        SELECT 'EVENT' AS kind, NULL AS transaction_id, e.gateway_payment_id, e.amount, e.reason,
               e.received_at AS since
        FROM payment_events e
        WHERE e.outcome = 'REVIEW'
          AND NOT EXISTS (SELECT 1 FROM payment_captures c WHERE c.gateway_payment_id = e.gateway_payment_id
                          AND e.gateway_refund_id IS NULL)
          AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.gateway_refund_id = e.gateway_refund_id
                          AND r.status = 'REFUNDED')
        ORDER BY e.received_at DESC LIMIT \(limit)
        """
}
