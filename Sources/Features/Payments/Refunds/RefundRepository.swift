import CareSyncCore
import FeatureContract
import Persistence

/// The SQL of refunds, and of payments as far as refunds change them.
struct RefundRepository {
    let db: any Connection

    func find(_ id: Int64) throws -> Refund? {
        try db.first("SELECT \(Refund.columns) FROM refunds WHERE id = \(id)")
    }

    func find(gatewayRefund id: String) throws -> Refund? {
        try db.first("SELECT \(Refund.columns) FROM refunds WHERE gateway_refund_id = \(id)")
    }

    /// One of this sum whose number at the vendor is not known yet.
    func unanswered(of gatewayPayment: String, _ amount: Money) throws -> Refund? {
        try db.first(
            """
            SELECT \(Refund.columns) FROM refunds
            WHERE gateway_payment_id = \(gatewayPayment) AND amount = \(amount) AND status = 'REFUND_PENDING'
              AND gateway_refund_id IS NULL
            ORDER BY created_at, id LIMIT 1
            """)
    }

    /// Those that a person has been asked to hand back.
    func byHand(of gatewayPayment: String) throws -> [Refund] {
        try db.all(
            """
            SELECT \(Refund.columns) FROM refunds
            WHERE gateway_payment_id = \(gatewayPayment) AND status = 'REFUND_PENDING' ORDER BY created_at, id
            """)
    }

    func list(of payment: PaymentID) throws -> [Refund] {
        try db.all(
            "SELECT \(Refund.columns) FROM refunds WHERE payment_id = \(payment) ORDER BY created_at, id")
    }

    /// What of a capture has gone back.
    func refunded(of gatewayPayment: String) throws -> Money {
        let sum: Int64? = try db.value(
            """
            SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM refunds
            WHERE gateway_payment_id = \(gatewayPayment) AND status = 'REFUNDED'
            """)
        return Money(minorUnits: sum ?? 0)
    }

    func insert(_ refund: Draft) throws -> Int64? {
        let now = db.now
        return try db.value(
            """
            INSERT INTO refunds (payment_id, patient_id, gateway_payment_id, amount, reason, key, status,
                                 gateway_refund_id, requested_by, created_at)
            VALUES (\(refund.payment), \(refund.patient), \(refund.gatewayPayment), \(refund.amount),
                    \(refund.reason), \(refund.key), 'REFUND_PENDING', \(refund.gatewayRefund), \(refund.user), \(now))
            ON CONFLICT (key) DO NOTHING
            RETURNING id
            """)
    }

    struct Draft {
        var payment: PaymentID?
        var patient: PatientID?
        let gatewayPayment: String
        let amount: Money
        let reason: String
        let key: String
        var gatewayRefund: String?
        var user: UserID?
    }

    func setNote(_ sealed: [UInt8], of id: Int64) throws {
        try db.run("UPDATE refunds SET note = \(sealed) WHERE id = \(id)")
    }

    func update(_ id: Int64, to status: RefundStatus, gatewayRefund: String?) throws {
        let settledAt: Instant? = status.rank >= RefundStatus.failed.rank ? db.now : nil
        try db.run(
            """
            UPDATE refunds SET status = \(status), gateway_refund_id = coalesce(gateway_refund_id, \(gatewayRefund)),
                               settled_at = \(settledAt)
            WHERE id = \(id)
            """)
    }

    // MARK: Captures and payments

    func capture(_ gatewayPayment: String) throws -> Capture? {
        try db.first(
            "SELECT \(Capture.columns) FROM payment_captures WHERE gateway_payment_id = \(gatewayPayment)")
    }

    /// Money that belongs to no payment has no other row that could be locked.
    func lockCapture(_ gatewayPayment: String) throws -> Capture? {
        try db.first(
            """
            SELECT \(Capture.columns) FROM payment_captures WHERE gateway_payment_id = \(gatewayPayment)\
            \(db.dialect.forUpdate(of: "payment_captures"))
            """)
    }

    func captures(of payment: PaymentID) throws -> [Capture] {
        try db.all(
            """
            SELECT \(Capture.columns) FROM payment_captures WHERE payment_id = \(payment)
            ORDER BY captured_at, gateway_payment_id
            """)
    }

    /// A person has decided that it goes back.
    func markReturned(_ capture: Capture) throws {
        try db.run(
            """
            UPDATE payment_captures SET state = 'RETURNED'
            WHERE gateway_payment_id = \(capture.gatewayPaymentID) AND state = 'REVIEW'
            """)
    }

    func update(_ payment: Payment, status: PaymentStatus, refunded: Money, refundStatus: RefundStatus) throws {
        try db.run(
            """
            UPDATE payments SET status = \(status), refunded = \(refunded), refund_status = \(refundStatus),
                                updated_at = \(db.now)
            WHERE id = \(payment.id)
            """)
    }

    func markRequested(_ payment: PaymentID) throws {
        try db.run(
            """
            UPDATE payments SET refund_status = 'REFUND_PENDING', updated_at = \(db.now) WHERE id = \(payment)
            """)
    }

    /// Every payment of a payable whose rows are locked.
    func lockPayments(of payable: PayableID) throws -> [Payment] {
        try db.all(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.payable_kind = \(payable.kind) AND y.payable_number = \(payable.number)
            ORDER BY y.id\(db.dialect.forUpdate(of: "y"))
            """)
    }
}
