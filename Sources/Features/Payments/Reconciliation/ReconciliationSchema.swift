import Persistence

enum ReconciliationSchema {
    /// Rounds that some node makes, one at a time, and how far each has come; and the indexes by which rounds and sums find
    /// their rows.
    static let migration = Migration("payments/reconciliation") { d in
        [
            """
            CREATE TABLE payment_rounds (
                name \(d.text) PRIMARY KEY,
                due_at \(d.instant),
                claim \(d.text),
                claimed_until \(d.instant),
                cursor_at \(d.instant),
                cursor_id \(d.integer)
            )\(d.strict)
            """,
            "INSERT INTO payment_rounds (name) VALUES ('OPEN'), ('CLOSED')",
            """
            CREATE INDEX payments_closed ON payments (created_at, id)
            WHERE status IN ('FAILED', 'CANCELLED') AND order_id IS NOT NULL
            """,
            """
            CREATE INDEX payments_unclaimed ON payments (completed_at, id)
            WHERE status IN ('SUCCESS', 'PARTIAL_REFUND') AND payable_number IS NULL
              AND refund_status IN ('NOT_REFUNDED', 'REFUNDED') AND amount > 0
              AND type IN ('LAB_TEST', 'APPOINTMENT', 'CONSULTATION')
            """,
            """
            CREATE INDEX payments_sums ON payments (status, amount, refunded)
            WHERE status IN ('SUCCESS', 'PARTIAL_REFUND', 'REFUNDED')
            """,
            "CREATE INDEX payment_captures_sums ON payment_captures (state, amount)",
            // An index that begins with the status would keep SQLite from taking the partial ones.
            "CREATE INDEX refunds_sums ON refunds (gateway_payment_id, amount) WHERE status = 'REFUNDED'",
        ]
    }
}
