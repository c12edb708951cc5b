import CareSyncCore
import FeatureContract
import Persistence

/// The SQL of single payments.
struct PaymentRepository {
    let db: any Connection

    func find(_ id: PaymentID) throws -> Payment? {
        try db.first("SELECT \(Payment.columns) FROM payments y WHERE y.id = \(id)")
    }

    func find(transaction: String) throws -> Payment? {
        try db.first("SELECT \(Payment.columns) FROM payments y WHERE y.transaction_id = \(transaction)")
    }

    func find(order: String) throws -> Payment? {
        try db.first("SELECT \(Payment.columns) FROM payments y WHERE y.order_id = \(order)")
    }

    /// Locked until the end of the transaction. The payable's rows are locked before (rules/persistence 4).
    func lock(_ id: PaymentID) throws -> Payment? {
        try db.first(
            "SELECT \(Payment.columns) FROM payments y WHERE y.id = \(id)\(db.dialect.forUpdate(of: "y"))")
    }

    /// Of the payments of a payable the one that counts: paid before open, newest before older.
    func latest(of payable: PayableID) throws -> Payment? {
        try db.first(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.payable_kind = \(payable.kind) AND y.payable_number = \(payable.number)
            ORDER BY \(Self.rank), y.created_at DESC, y.id DESC
            LIMIT 1
            """)
    }

    /// Of each payable its payments, the one that counts first.
    func list(of kind: PayableKind, _ numbers: [Int64]) throws -> [Payment] {
        try db.all(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.payable_kind = \(kind) AND y.payable_number IN \(in: numbers)
              AND y.payable_number IS NOT NULL
            ORDER BY y.payable_number, \(Self.rank), y.created_at DESC, y.id DESC
            """)
    }

    private static let rank: SQL = """
        CASE WHEN y.status IN ('SUCCESS', 'PARTIAL_REFUND') THEN 0
             WHEN y.status IN ('PENDING', 'PROCESSING') THEN 1
             WHEN y.status = 'REFUNDED' THEN 2 ELSE 3 END
        """

    /// The one active payment of a payable, locked.
    func lockActive(of payable: PayableID) throws -> Payment? {
        try db.first(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.payable_kind = \(payable.kind) AND y.payable_number = \(payable.number)
              AND y.status IN ('PENDING', 'PROCESSING', 'SUCCESS')\(db.dialect.forUpdate(of: "y"))
            """)
    }

    /// The newest payment of a payable whose attempts have failed, locked: its order can still be paid.
    func lockFailed(of payable: PayableID, amount: Money) throws -> Payment? {
        try db.first(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.payable_kind = \(payable.kind) AND y.payable_number = \(payable.number) AND y.status = 'FAILED'
              AND y.amount = \(amount)
            ORDER BY y.created_at DESC, y.id DESC LIMIT 1\(db.dialect.forUpdate(of: "y"))
            """)
    }

    /// Captured payments that belong to nothing and of which nothing goes back: what may pay for a payable.
    private static let linkable: SQL = """
        y.status = 'SUCCESS' AND y.payable_number IS NULL AND y.refund_status = 'NOT_REFUNDED'
        AND NOT EXISTS (SELECT 1 FROM refunds r JOIN payment_captures c ON c.gateway_payment_id = r.gateway_payment_id
                        WHERE r.payment_id = y.id AND c.state = 'CONFIRMED')
        """

    /// A patient's newest payment that may pay for a payable of a kind, locked.
    func lockLinkable(of patient: PatientID, amount: Money, for kind: PayableKind, since: Instant) throws -> Payment? {
        try db.first(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.patient_id = \(patient) AND y.completed_at >= \(since) AND \(Self.linkable)
              AND y.amount = \(amount) AND y.type IN \(in: PaymentType.paying(for: kind))
            ORDER BY y.completed_at DESC, y.id DESC LIMIT 1\(db.dialect.forUpdate(of: "y"))
            """)
    }

    /// A named payment, locked, if it may pay for a payable.
    func lockLinkable(_ id: PaymentID) throws -> Payment? {
        try db.first(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.id = \(id) AND \(Self.linkable)\(db.dialect.forUpdate(of: "y"))
            """)
    }

    /// Who paid for an appointment before there was one, the newest first.
    func listUnlinked(since: Instant, limit: Int) throws -> [Payment] {
        try db.all(
            """
            SELECT \(Payment.columns) FROM payments y
            WHERE y.status = 'SUCCESS' AND y.payable_number IS NULL AND y.type IN ('APPOINTMENT', 'CONSULTATION')
              AND y.completed_at >= \(since)
            ORDER BY y.completed_at DESC, y.id DESC LIMIT \(limit)
            """)
    }
}
