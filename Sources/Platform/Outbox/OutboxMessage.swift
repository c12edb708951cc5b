package import CareSyncCore
package import Persistence

/// Work that must happen after a transaction, or at a time: written in the transaction that causes it, carried out by an
/// ``OutboxWorker`` on any node (ARCHITECTURE §4).
package struct OutboxMessage: Sendable, Equatable {
    /// Names the handler; a wire format, so it never changes.
    package let kind: String
    /// What it is about, such as `appointment/42`.
    package let subject: String
    /// Where it goes, such as `email`; empty for timers.
    package let channel: String
    /// Tells apart messages of one kind about one subject; the four together are unique.
    package let version: Int64
    /// JSON holding ids and template names, never health data or codes (RULINGS E10).
    package let payload: String
    /// `nil` is at once.
    package let due: Instant?

    package init(
        kind: String, subject: String, channel: String = "", version: Int64 = 1, payload: String = "{}",
        due: Instant? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.channel = channel
        self.version = version
        self.payload = payload
        self.due = due
    }
}

extension Connection {
    /// Puts a message into the outbox; one that is already there, done or not, stays as it is.
    package func enqueue(_ message: OutboxMessage) throws {
        let now = scope.services.time.now
        let due = message.due ?? now
        try append(
            AppendedRows(
                into: "outbox", "kind, subject, channel, version, payload, created_at, due_at",
                values: """
                    \(message.kind), \(message.subject), \(message.channel), \(message.version), \(message.payload),
                    \(now), \(due)
                    """,
                conflict: "ON CONFLICT DO NOTHING"))
        if due <= now {
            let kind = message.kind
            scope.raiseOutboxSignal(kind)
        }
    }

    /// Takes back every message of a kind about a subject that has not been carried out.
    package func withdraw(kind: String, subject: String) throws {
        try run("DELETE FROM outbox WHERE subject = \(subject) AND kind = \(kind) AND done_at IS NULL")
    }
}
