import CareSyncCore
import Outbox
import Persistence

/// The call of the vendor that a refund waits for.
struct RefundCall: Job {
    static let kind = "payment.refund"
    let refund: Int64
    var key: String { "refund/\(refund)" }
}

/// Requests refunds, in the transaction that is their reason. The vendor is called from the outbox.
struct RefundDesk {
    let db: any Connection

    /// Reserves a refund of a capture whose payment is locked; the sums have been checked. One of the same key that is
    /// there already stays as it is. Money that was entered by hand waits for a person to hand it back.
    ///
    /// - Returns: its number; `nil` when it was there.
    @discardableResult
    func request(
        _ amount: Money, of capture: Capture, payment: PaymentID, key: String, reason: String, by user: UserID?
    ) throws -> Int64? {
        let refunds = RefundRepository(db: db)
        let patient: PatientID? = try db.value("SELECT patient_id FROM payments WHERE id = \(payment)")
        let id = try refunds.insert(
            RefundRepository.Draft(
                payment: payment, patient: patient, gatewayPayment: capture.gatewayPaymentID, amount: amount,
                reason: reason, key: key, user: user))
        guard let id else { return nil }
        let confirmed = try refunds.captures(of: payment).first { $0.state == .confirmed }
        if confirmed == nil || confirmed?.gatewayPaymentID == capture.gatewayPaymentID {
            try refunds.markRequested(payment)
        }
        if !capture.isManual { try db.enqueue(RefundCall(refund: id)) }
        return id
    }

    /// What of a capture has neither gone back nor been asked back.
    func left(of capture: Capture) throws -> Money {
        let taken: Int64? = try db.value(
            """
            SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM refunds
            WHERE gateway_payment_id = \(capture.gatewayPaymentID) AND status <> 'REFUND_FAILED'
            """)
        return max(.zero, capture.amount - Money(minorUnits: taken ?? 0))
    }

    /// The key under which money that nothing needs goes back (rules/payments).
    static func wholeKey(_ gatewayPaymentID: String) -> String { "refund-\(gatewayPaymentID)" }
}
