import CareSyncCore
import Persistence

/// Where a walk through rows by time has come to.
struct RoundCursor: Sendable, Equatable {
    let at: Instant
    let id: Int64

    static let start = RoundCursor(at: Instant(microseconds: 0), id: 0)
}

/// The SQL of what the reconciliation looks for.
struct ReconciliationRepository {
    let db: any Connection

    /// Payments that wait for their money, behind the cursor and made at `until` or before.
    static func open(after cursor: RoundCursor, until: Instant, limit: Int) -> SQL {
        """
        SELECT \(Payment.columns) FROM payments y
        WHERE y.status IN ('PENDING', 'PROCESSING') AND y.created_at >= \(cursor.at) AND y.created_at <= \(until)
          AND (y.created_at > \(cursor.at) OR y.id > \(cursor.id))
        ORDER BY y.created_at, y.id LIMIT \(limit)
        """
    }

    /// Payments that have ended unpaid, and whose order may still be paid at the vendor.
    static func closed(after cursor: RoundCursor, until: Instant, limit: Int) -> SQL {
        """
        SELECT \(Payment.columns) FROM payments y
        WHERE y.status IN ('FAILED', 'CANCELLED') AND y.order_id IS NOT NULL
          AND y.created_at >= \(cursor.at) AND y.created_at <= \(until)
          AND (y.created_at > \(cursor.at) OR y.id > \(cursor.id))
        ORDER BY y.created_at, y.id LIMIT \(limit)
        """
    }

    /// Refunds that the vendor has not confirmed.
    static func openRefunds(after cursor: RoundCursor, until: Instant, limit: Int) -> SQL {
        """
        SELECT \(Refund.columns) FROM refunds
        WHERE status IN ('REFUND_PENDING', 'REFUND_PROCESSING')
          AND created_at >= \(cursor.at) AND created_at <= \(until)
          AND (created_at > \(cursor.at) OR id > \(cursor.id))
        ORDER BY created_at, id LIMIT \(limit)
        """
    }

    /// Money for something that can be booked, which nothing was booked for.
    static func unclaimed(since: Instant, limit: Int) -> SQL {
        """
        SELECT id FROM payments
        WHERE status IN ('SUCCESS', 'PARTIAL_REFUND') AND payable_number IS NULL
          AND refund_status IN ('NOT_REFUNDED', 'REFUNDED') AND amount > 0
          AND type IN ('LAB_TEST', 'APPOINTMENT', 'CONSULTATION') AND completed_at <= \(since)
        ORDER BY completed_at, id LIMIT \(limit)
        """
    }

    /// Of an order that was made, and whose answer was lost.
    func adoptOrder(_ order: String, for payment: PaymentID) throws {
        try db.run("UPDATE payments SET order_id = \(order) WHERE id = \(payment) AND order_id IS NULL")
    }

    // MARK: Rounds

    /// Takes a round that is due, for two minutes; `nil` when it is not due, or another node makes it.
    ///
    /// - Parameter isForced: whether it counts as due.
    func claim(_ round: ReconciliationRound, as claim: String, isForced: Bool) throws -> RoundCursor? {
        let now = db.now
        var cursor: RoundCursor?
        try db.query(
            """
            UPDATE payment_rounds SET claim = \(claim), claimed_until = \(now + .minutes(2))
            WHERE name = \(round) AND (claimed_until IS NULL OR claimed_until <= \(now))
              AND (\(isForced) OR due_at IS NULL OR due_at <= \(now))
            RETURNING cursor_at, cursor_id
            """
        ) { row in
            let at: Instant? = try row.value("cursor_at")
            let id: Int64? = try row.value("cursor_id")
            cursor = if let at, let id { RoundCursor(at: at, id: id) } else { .start }
        }
        return cursor
    }

    func isDue(_ round: ReconciliationRound) throws -> Bool {
        let now = db.now
        return try db.exists(
            """
            SELECT 1 FROM payment_rounds
            WHERE name = \(round) AND (claimed_until IS NULL OR claimed_until <= \(now))
              AND (due_at IS NULL OR due_at <= \(now))
            """)
    }

    /// - Parameter cursor: where the next one goes on; `nil` when this one has come to its end.
    func finish(_ round: ReconciliationRound, _ claim: String, at cursor: RoundCursor?, due: Instant) throws {
        try db.run(
            """
            UPDATE payment_rounds
            SET claim = NULL, claimed_until = NULL, due_at = \(due), cursor_at = \(cursor?.at), cursor_id = \(cursor?.id)
            WHERE name = \(round) AND claim = \(claim)
            """)
    }
}

/// What is gone through again and again.
enum ReconciliationRound: String, CaseIterable, Sendable, SQLConvertible {
    /// All that is not final.
    case open = "OPEN"
    /// What has ended unpaid in the last days, because a bank may still say yes.
    case closed = "CLOSED"

    var period: TimeSpan {
        switch self {
        case .open: .minutes(1)
        case .closed: .hours(1)
        }
    }
}
