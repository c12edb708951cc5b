import CareSyncCore
import Persistence
import Synchronization

/// What has become of all the money that ever came in: *captured = confirmed + refunded + in review*.
///
/// Each sum is made from a table of its own: what came in from the captures, what is earned from the payments, what went back
/// from the refunds. So a mistake in any of them shows as a difference.
struct Balance: Sendable, Equatable {
    /// Everything that has come in.
    let captured: Money
    /// What pays for something, without what went back of it.
    let confirmed: Money
    /// What went back, as the vendor has confirmed, or a person by hand.
    let refunded: Money
    /// What pays for nothing and has not gone back yet: on its way, or for a person to decide.
    let inReview: Money

    var isEven: Bool { captured == confirmed + refunded + inReview }

    /// One statement, so one state of the database. It goes through indexes that have nearly all it needs: 0.7 s for
    /// a million payments on SQLite, which is why only people and the reconciliation ask for it.
    static func find(_ db: any Connection) throws -> Balance {
        guard let balance: Balance = try db.first(statement) else { throw Problem.fault }
        return balance
    }

    static let statement: SQL = """
        SELECT
            (SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM payment_captures
             WHERE state IN ('CONFIRMED', 'RETURNED', 'REVIEW')) AS captured,
            (SELECT CAST(coalesce(sum(amount - refunded), 0) AS bigint) FROM payments
             WHERE status IN ('SUCCESS', 'PARTIAL_REFUND', 'REFUNDED')) AS confirmed,
            (SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM refunds
             WHERE status = 'REFUNDED') AS refunded,
            (SELECT CAST(coalesce(sum(c.amount - coalesce((
                 SELECT sum(r.amount) FROM refunds r
                 WHERE r.gateway_payment_id = c.gateway_payment_id AND r.status = 'REFUNDED'), 0)), 0) AS bigint)
             FROM payment_captures c WHERE c.state IN ('RETURNED', 'REVIEW')) AS in_review
        """
}

extension Balance: RowDecodable {
    init(row: Row) throws {
        captured = try row.value("captured")
        confirmed = try row.value("confirmed")
        refunded = try row.value("refunded")
        inReview = try row.value("in_review")
    }
}

/// The balance that the reconciliation has seen last, for the metrics: they never ask the database.
final class BalanceBoard: Sendable {
    private struct State {
        var seen: Balance?
        var nextLook = ContinuousClock.now
    }

    private let state = Mutex(State())

    var latest: Balance? { state.withLock { $0.seen } }

    /// Whether it may be made anew: what takes long is made less often, for a hundredth of the time at most.
    var isDue: Bool { state.withLock { $0.nextLook <= .now } }

    func show(_ balance: Balance, cost: Duration) {
        state.withLock { $0 = State(seen: balance, nextLook: .now + cost * 100) }
    }
}
