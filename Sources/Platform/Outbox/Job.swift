package import CareSyncCore
package import Persistence

/// Work that must happen after a transaction, or at a time: a row of the outbox, written in the transaction that causes it
/// and carried out by a worker of any node until it is done.
///
/// ```swift
/// struct HoldExpiry: Job {
///     static let kind = "hold.expire"
///     let appointment: AppointmentID
///     var key: String { "appointment/\(appointment)" }
/// }
/// ```
/// It holds ids, times and states, never health data, names or codes: what else its work needs is read when it runs.
package protocol Job: Codable, Sendable {
    /// Names the job in the outbox; stored, so it never changes.
    static var kind: String { get }
    /// Tells it from other jobs of its kind: of each kind and key there is one row, done or not.
    var key: String { get }
}

extension Connection {
    /// Puts a job into the outbox, due at once. One of its kind and key that is there already, done or not, stays as it is.
    package func enqueue(_ job: some Job) throws {
        try enqueue(OutboxRow(job))
    }

    /// Puts a timer into the outbox. One of its kind and key that still waits is set to the new time, and a worker that
    /// has begun it is undone; one that is being tried again after a failure moves to a later time only. One that is
    /// done, or was given up, stays as it is.
    package func enqueue<Timer: Job>(_ timer: Timer, due: Instant) throws {
        try append(
            OutboxRow(timer), due: due,
            conflict: """
                ON CONFLICT (kind, key) DO UPDATE
                SET due_at = excluded.due_at, payload = excluded.payload, attempts = 0, claim = NULL,
                    claimed_until = NULL, last_error = NULL
                WHERE outbox.done_at IS NULL AND outbox.parked_at IS NULL
                  AND (excluded.due_at > outbox.due_at OR (outbox.attempts = 0 AND excluded.due_at < outbox.due_at))
                """)
    }

    /// Takes a job back that has not been carried out.
    package func withdraw<Waiting: Job>(_ job: Waiting) throws {
        try run("DELETE FROM outbox WHERE kind = \(Waiting.kind) AND key = \(job.key) AND done_at IS NULL")
    }

    func enqueue(_ row: OutboxRow) throws {
        try append(row, due: now, conflict: "ON CONFLICT DO NOTHING")
    }

    private func append(_ row: OutboxRow, due: Instant, conflict: SQL) throws {
        try append(
            AppendedRows(
                into: "outbox", "kind, key, payload, created_at, due_at",
                values: "\(row.kind), \(row.key), \(row.payload), \(now), \(due)", conflict: conflict))
        if due <= now { scope.raiseOutboxSignal(row.kind) }
    }
}
