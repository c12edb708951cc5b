import CareSyncCore
import Persistence

/// The claim under which an attempt runs was lost: it ran out and another worker has the message, or the message was
/// withdrawn or set to another time. What the attempt did is undone.
package struct ClaimLost: Error {}

extension Connection {
    /// Keeps the claim of an attempt for another while. As the last statement of a transaction that records the beginning
    /// of an effect it makes sure that nobody else begins it. Throws ``ClaimLost``.
    package func renew(_ attempt: JobAttempt) throws {
        guard try OutboxRepository(db: self).renew([attempt.id], attempt.claim) == 1 else { throw ClaimLost() }
    }
}

/// The SQL of the workers.
struct OutboxRepository {
    let db: any Connection

    /// How long a message is one worker's, unless it renews its claim.
    static let claimTime = TimeSpan.seconds(60)

    private var now: Instant { db.scope.services.time.now }

    /// Whether any message is due; nothing is locked.
    func hasDue(_ kinds: [String]) throws -> Bool {
        try db.exists(due(kinds, 1, lock: ""))
    }

    /// Takes due messages and marks them as done in one go; for work in this same transaction.
    func takeDone(_ kinds: [String], _ limit: Int) throws -> [OutboxMessage] {
        let now = now
        return try db.all(
            """
            UPDATE outbox SET done_at = \(now), claim = NULL, claimed_until = NULL, last_error = NULL,
                              attempts = attempts + 1
            WHERE id IN (\(due(kinds, limit)))
            RETURNING id, kind, key, payload, attempts, created_at, '' AS claim
            """
        ).sorted { $0.id < $1.id }
    }

    /// Takes due messages for a while.
    func claim(_ kinds: [String], _ limit: Int, as claim: String) throws -> [OutboxMessage] {
        try db.all(
            """
            UPDATE outbox SET claim = \(claim), claimed_until = \(now + Self.claimTime), attempts = attempts + 1
            WHERE id IN (\(due(kinds, limit)))
            RETURNING \(OutboxMessage.columns)
            """
        ).sorted { $0.id < $1.id }
    }

    /// One look per kind at the front of its part of the index: what waits of one kind, such as mails while their server is
    /// away, costs the others nothing.
    func due(_ kinds: [String], _ limit: Int, lock: SQL? = nil) -> SQL {
        let (now, lock) = (now, lock ?? db.dialect.forUpdateSkipLocked)
        let fronts = kinds.map { (kind: String) -> SQL in
            """
            SELECT * FROM (SELECT id, due_at FROM outbox
                           WHERE kind = \(kind) AND done_at IS NULL AND parked_at IS NULL AND due_at <= \(now)
                             AND (claimed_until IS NULL OR claimed_until <= \(now))
                           ORDER BY due_at, id LIMIT \(limit)\(lock)) front
            """
        }
        return "SELECT id FROM (\(SQL.joined(fronts, separator: " UNION ALL "))) due ORDER BY due_at, id LIMIT \(limit)"
    }

    /// Whether the message is still this claim's; nothing is locked.
    func isHeld(_ message: OutboxMessage) throws -> Bool {
        try db.exists("SELECT 1 FROM outbox WHERE id = \(message.id) AND \(Self.isHeld(message.claim))")
    }

    /// Keeps messages for another while; how many still were the claim's.
    func renew(_ ids: [Int64], _ claim: String) throws -> Int {
        try db.run(
            """
            UPDATE outbox SET claimed_until = \(now + Self.claimTime)
            WHERE id IN \(in: ids) AND \(Self.isHeld(claim))
            """)
    }

    /// Each of these is the last statement of its transaction, and throws ``ClaimLost``.
    func done(_ message: OutboxMessage) throws {
        try settle(
            message, "done_at = \(now), claim = NULL, claimed_until = NULL, last_error = NULL")
    }

    func park(_ message: OutboxMessage, reason: String) throws {
        try settle(
            message, "parked_at = \(now), claim = NULL, claimed_until = NULL, last_error = \(reason)")
    }

    func postpone(_ message: OutboxMessage, to due: Instant, reason: String) throws {
        try settle(message, "due_at = \(due), claim = NULL, claimed_until = NULL, last_error = \(reason)")
    }

    private func settle(_ message: OutboxMessage, _ change: SQL) throws {
        let changed = try db.run(
            "UPDATE outbox SET \(change) WHERE id = \(message.id) AND \(Self.isHeld(message.claim))")
        guard changed == 1 else { throw ClaimLost() }
    }

    private static func isHeld(_ claim: String) -> SQL {
        "claim = \(claim) AND done_at IS NULL AND parked_at IS NULL"
    }

    /// How many messages of each kind wait.
    func waiting() throws -> [(kind: String, count: Int)] {
        var kinds: [(kind: String, count: Int)] = []
        try db.query(
            """
            SELECT kind, count(*) AS count FROM outbox WHERE done_at IS NULL AND parked_at IS NULL
            GROUP BY kind ORDER BY kind
            """
        ) { row in kinds.append((try row.value("kind"), try row.value("count"))) }
        return kinds
    }
}
