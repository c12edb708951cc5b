import CareSyncCore
import Persistence
import Razorpay

/// The SQL of sums that have come in.
struct CaptureRepository {
    let db: any Connection

    func knows(_ gatewayPaymentID: String) throws -> Bool {
        try db.exists("SELECT 1 FROM payment_captures WHERE gateway_payment_id = \(gatewayPaymentID)")
    }

    /// `nil` when the sum is known already.
    func insert(
        _ paid: RazorpayPayment, payment: PaymentID?, state: Capture.State, reason: String? = nil
    ) throws -> Capture? {
        try db.first(
            """
            INSERT INTO payment_captures (gateway_payment_id, payment_id, amount, state, reason, captured_at)
            VALUES (\(paid.id), \(payment), \(paid.amount), \(state), \(reason), \(db.now))
            ON CONFLICT (gateway_payment_id) DO NOTHING
            RETURNING \(Capture.columns)
            """)
    }

    /// Nothing needs it.
    func giveBack(_ gatewayPaymentID: String, because reason: String) throws -> Capture {
        let returned: Capture? = try db.first(
            """
            UPDATE payment_captures SET state = 'RETURNED', reason = \(reason)
            WHERE gateway_payment_id = \(gatewayPaymentID)
            RETURNING \(Capture.columns)
            """)
        guard let returned else { throw Problem.fault }
        return returned
    }
}
