import CareSyncCore
package import Persistence

/// Thrown by an effect that has written itself what becomes of its message; the worker then leaves it as it is.
package struct OutboxSettled: Error {
    package init() {}
}

extension Connection {
    /// Whether the worker that received the message still has it for itself. The row is locked until the transaction
    /// ends. An effect that must not happen twice asks this in the transaction that records its beginning.
    package func holds(_ item: OutboxItem) throws -> Bool {
        let held = try run(
            """
            UPDATE outbox SET claimed_until = claimed_until
            WHERE id = \(item.id) AND claimed_until = \(item.claimedUntil) AND done_at IS NULL AND parked_at IS NULL
            """)
        return held == 1
    }

    /// Gives a message up until an administrator retries it.
    ///
    /// - Parameter reason: a code, never the text of an error.
    package func park(_ item: OutboxItem, reason: String) throws {
        try run(
            """
            UPDATE outbox SET parked_at = \(scope.services.time.now), claimed_until = NULL, last_error = \(reason)
            WHERE id = \(item.id) AND done_at IS NULL
            """)
    }
}
