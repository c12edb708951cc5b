package import CareSyncCore
package import Persistence

/// How much the outbox has to do.
package struct OutboxFigures: RowDecodable, Sendable, Equatable {
    /// Messages whose time has come, at most ``most``.
    package let due: Int64
    /// Since when the oldest of them could be carried out.
    package let oldestDue: Instant?
    /// Messages that were given up, at most ``most``.
    package let parked: Int64

    /// Further ones are not counted, so that a flood makes nobody count it.
    package static let most = 100_000

    package init(row: Row) throws {
        due = try row.value("due")
        oldestDue = try row.value("oldest_due")
        parked = try row.value("parked")
    }

    package static func read(_ db: any Connection) throws -> OutboxFigures? { try db.first(statement(at: db.now)) }

    static func statement(at now: Instant) -> SQL {
        """
        SELECT count(due_at) AS due, min(due_at) AS oldest_due,
               (SELECT count(*) FROM (
                    SELECT 1 FROM outbox WHERE done_at IS NULL AND parked_at IS NOT NULL LIMIT \(most)) given_up) AS parked
        FROM (SELECT due_at FROM outbox
              WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= \(now) LIMIT \(most)) waiting
        """
    }
}
