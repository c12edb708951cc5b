import CareSyncCore
import FeatureContract
import Persistence

/// A payment that is about to be stored.
struct NewPayment {
    let id: PaymentID
    let transactionID: String
    let order: PaymentOrder
    let description: [UInt8]
    let upiID: [UInt8]?
    let status: PaymentStatus
}

/// Why a payment is not paid, as stored and shown.
enum FailureReason {
    static let byPatient = "CANCELLED_BY_PATIENT"
    static let byClinic = "CANCELLED_BY_CLINIC"
    static let timedOut = "TIMED_OUT"
    static let paidOtherwise = "PAID_OTHERWISE"
    /// The money came when nothing needed it any more.
    static let notNeeded = "NOT_NEEDED"
    static let attemptFailed = "PAYMENT_FAILED"
}

extension PaymentRepository {
    /// `false` when its payable has an active payment, or its request made one before.
    func insert(_ new: NewPayment) throws -> Bool {
        let (order, now) = (new.order, db.now)
        return try db.run(
            """
            INSERT INTO payments (id, transaction_id, patient_id, type, method, amount, status, description, upi_id,
                card_last_four, card_network, payable_kind, payable_number, terms, request_key, created_at, updated_at,
                completed_at)
            VALUES (\(new.id), \(new.transactionID), \(order.patient), \(order.type), \(order.method), \(order.amount),
                \(new.status), \(new.description), \(new.upiID), \(order.cardLastFour), \(order.cardNetwork),
                \(order.payable?.kind), \(order.payable?.number), \(order.terms.stored), \(order.requestKey), \(now),
                \(now), \(new.status == .success ? now : nil))
            ON CONFLICT DO NOTHING
            """) == 1
    }

    /// Somebody pays again for what is not paid: in the way they ask for now.
    func takeOver(_ id: PaymentID, _ order: PaymentOrder, description: [UInt8], upiID: [UInt8]?) throws {
        try db.run(
            """
            UPDATE payments
            SET status = 'PENDING', failure_reason = NULL, method = \(order.method), type = \(order.type),
                description = \(description), upi_id = \(upiID), card_last_four = \(order.cardLastFour),
                card_network = \(order.cardNetwork), updated_at = \(db.now)
            WHERE id = \(id)
            """)
    }

    /// How often the vendor has been asked for an order, this time included; `nil` when none is needed.
    func beginOrder(_ id: PaymentID) throws -> Int? {
        try db.value(
            """
            UPDATE payments SET order_attempts = order_attempts + 1, updated_at = \(db.now)
            WHERE id = \(id) AND order_id IS NULL AND status = 'PENDING'
            RETURNING order_attempts
            """)
    }

    func complete(_ id: PaymentID, order: String) throws {
        try db.run(
            "UPDATE payments SET order_id = \(order), updated_at = \(db.now) WHERE id = \(id) AND order_id IS NULL")
    }

    func process(_ id: PaymentID) throws {
        try db.run(
            "UPDATE payments SET status = 'PROCESSING', updated_at = \(db.now) WHERE id = \(id) AND status = 'PENDING'")
    }

    func succeed(_ id: PaymentID, cardLastFour: String?, cardNetwork: String?) throws {
        let now = db.now
        try db.run(
            """
            UPDATE payments
            SET status = 'SUCCESS', failure_reason = NULL, completed_at = \(now), updated_at = \(now),
                card_last_four = COALESCE(\(cardLastFour), card_last_four),
                card_network = COALESCE(\(cardNetwork), card_network)
            WHERE id = \(id)
            """)
    }

    func fail(_ id: PaymentID, reason: String) throws {
        try db.run(
            """
            UPDATE payments SET status = 'FAILED', failure_reason = \(reason), updated_at = \(db.now)
            WHERE id = \(id) AND status = 'PENDING'
            """)
    }

    /// Ends an open payment.
    func cancel(_ id: PaymentID, reason: String) throws {
        try db.run(
            """
            UPDATE payments SET status = 'CANCELLED', failure_reason = \(reason), updated_at = \(db.now)
            WHERE id = \(id) AND status IN ('PENDING', 'PROCESSING')
            """)
    }

    /// Ends the open payments of what another payment pays for.
    func cancelOpen(of payable: PayableID, except id: PaymentID?) throws {
        try db.run(
            """
            UPDATE payments SET status = 'CANCELLED', failure_reason = \(FailureReason.paidOtherwise),
                                updated_at = \(db.now)
            WHERE payable_kind = \(payable.kind) AND payable_number = \(payable.number)
              AND id <> \(id?.rawValue ?? 0)
              AND status IN ('PENDING', 'PROCESSING')
            """)
    }

    func link(_ id: PaymentID, to payable: PayableID, terms: CancellationTerms) throws {
        try db.run(
            """
            UPDATE payments
            SET payable_kind = \(payable.kind), payable_number = \(payable.number), terms = \(terms.stored),
                updated_at = \(db.now)
            WHERE id = \(id)
            """)
    }
}
