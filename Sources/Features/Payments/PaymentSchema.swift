import Persistence

enum PaymentSchema {
    static let migrations = [
        payments, captures, refunds, events, ReconciliationSchema.migration, ReceiptSchema.migration,
    ]

    /// Taken before the insert, because what is sealed is bound to them.
    static let ids = IDAllocator("payment_ids")

    static let activeIndex = "payments_active"

    /// Amounts are in paise. At most one payment of a payable is active.
    private static let payments = Migration("payments/payments") { d in
        [
            Migration.createAllocator("payment_ids", dialect: d),
            """
            CREATE TABLE payments (
                id \(d.integer) PRIMARY KEY,
                transaction_id \(d.text) NOT NULL UNIQUE,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                type \(d.text) NOT NULL CHECK (type IN ('LAB_TEST', 'APPOINTMENT', 'CONSULTATION', 'MEDICINE',
                    'HEALTH_CHECKUP', 'SUBSCRIPTION', 'OTHER')),
                method \(d.text) NOT NULL CHECK (method IN ('UPI', 'CARD', 'QR_CODE')),
                amount \(d.integer) NOT NULL CHECK (amount BETWEEN 0 AND 9999999999),
                status \(d.text) NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'SUCCESS', 'FAILED', 'CANCELLED',
                    'REFUNDED', 'PARTIAL_REFUND')),
                description \(d.bytes) NOT NULL,
                upi_id \(d.bytes),
                card_last_four \(d.text) CHECK (length(card_last_four) = 4),
                card_network \(d.text),
                payable_kind \(d.text) CHECK (payable_kind IN ('APPOINTMENT', 'LAB_BOOKING')),
                payable_number \(d.integer),
                terms \(d.text) NOT NULL,
                order_id \(d.text) UNIQUE,
                order_attempts \(d.integer) NOT NULL DEFAULT 0,
                failure_reason \(d.text),
                refunded \(d.integer) NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
                refund_status \(d.text) NOT NULL DEFAULT 'NOT_REFUNDED' CHECK (refund_status IN ('NOT_REFUNDED',
                    'REFUND_PENDING', 'REFUND_PROCESSING', 'REFUNDED', 'REFUND_FAILED')),
                request_key \(d.bytes) UNIQUE,
                receipt_number \(d.integer),
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                completed_at \(d.instant),
                CHECK ((payable_kind IS NULL) = (payable_number IS NULL))
            )\(d.strict)
            """,
            """
            CREATE UNIQUE INDEX payments_active ON payments (payable_kind, payable_number)
            WHERE payable_number IS NOT NULL AND status IN ('PENDING', 'PROCESSING', 'SUCCESS')
            """,
            """
            CREATE INDEX payments_payable ON payments (payable_kind, payable_number, id)
            WHERE payable_number IS NOT NULL
            """,
            "CREATE INDEX payments_patient ON payments (patient_id, created_at, id)",
            // With the status, which is counted without a look at the rows.
            "CREATE INDEX payments_created ON payments (created_at, id, status)",
            "CREATE INDEX payments_amount ON payments (amount, id)",
            "CREATE INDEX payments_open ON payments (created_at, id) WHERE status IN ('PENDING', 'PROCESSING')",
            """
            CREATE INDEX payments_unlinked ON payments (patient_id, completed_at)
            WHERE status = 'SUCCESS' AND payable_number IS NULL
            """,
            """
            CREATE INDEX payments_linkable ON payments (completed_at, id)
            WHERE status = 'SUCCESS' AND payable_number IS NULL AND type IN ('APPOINTMENT', 'CONSULTATION')
            """,
            """
            CREATE INDEX payments_unnumbered ON payments (completed_at, id)
            WHERE completed_at IS NOT NULL AND receipt_number IS NULL
            """,
        ]
    }

    /// Every sum that has come in, once. `CONFIRMED` pays its payment, `RETURNED` goes back whole because nothing needs it,
    /// `REVIEW` waits for a person. What was entered by hand has `manual-` and the bank's reference for an id.
    private static let captures = Migration("payments/captures") { d in
        [
            """
            CREATE TABLE payment_captures (
                gateway_payment_id \(d.text) PRIMARY KEY,
                payment_id \(d.integer) REFERENCES payments,
                amount \(d.integer) NOT NULL CHECK (amount BETWEEN 1 AND 9999999999),
                state \(d.text) NOT NULL CHECK (state IN ('CONFIRMED', 'RETURNED', 'REVIEW')),
                reason \(d.text),
                captured_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX payment_captures_payment ON payment_captures (payment_id)",
            "CREATE UNIQUE INDEX payment_captures_one ON payment_captures (payment_id) WHERE state = 'CONFIRMED'",
            "CREATE INDEX payment_captures_review ON payment_captures (captured_at) WHERE state = 'REVIEW'",
        ]
    }

    /// A row is the reservation of a call to the vendor: its key makes repetitions harmless. One without a payment was made at
    /// the vendor, of money that belongs to no payment.
    private static let refunds = Migration("payments/refunds") { d in
        [
            """
            CREATE TABLE refunds (
                id \(d.identity),
                payment_id \(d.integer) REFERENCES payments,
                patient_id \(d.integer) REFERENCES patients,
                gateway_payment_id \(d.text) NOT NULL REFERENCES payment_captures,
                amount \(d.integer) NOT NULL CHECK (amount > 0),
                reason \(d.text) NOT NULL,
                note \(d.bytes),
                key \(d.text) NOT NULL UNIQUE,
                status \(d.text) NOT NULL CHECK (status IN ('REFUND_PENDING', 'REFUND_PROCESSING', 'REFUNDED',
                    'REFUND_FAILED')),
                gateway_refund_id \(d.text) UNIQUE,
                requested_by \(d.integer) REFERENCES users,
                created_at \(d.instant) NOT NULL,
                settled_at \(d.instant)
            )\(d.strict)
            """,
            "CREATE INDEX refunds_payment ON refunds (payment_id, created_at, id)",
            "CREATE INDEX refunds_capture ON refunds (gateway_payment_id)",
            """
            CREATE INDEX refunds_open ON refunds (created_at, id)
            WHERE status IN ('REFUND_PENDING', 'REFUND_PROCESSING')
            """,
            "CREATE INDEX refunds_failed ON refunds (created_at, id) WHERE status = 'REFUND_FAILED'",
        ]
    }

    /// The inbox of webhooks: what has been seen is never applied again. Of the body only ids and sums are kept.
    private static let events = Migration("payments/events") { d in
        [
            """
            CREATE TABLE payment_events (
                event_id \(d.text) PRIMARY KEY,
                name \(d.text) NOT NULL,
                order_id \(d.text),
                gateway_payment_id \(d.text),
                gateway_refund_id \(d.text),
                amount \(d.integer),
                outcome \(d.text) NOT NULL CHECK (outcome IN ('APPLIED', 'IGNORED', 'REVIEW')),
                reason \(d.text),
                received_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX payment_events_received ON payment_events (received_at)",
            "CREATE INDEX payment_events_review ON payment_events (received_at) WHERE outcome = 'REVIEW'",
        ]
    }
}
