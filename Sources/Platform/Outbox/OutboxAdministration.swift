package import CareSyncCore
package import Persistence

/// A message of the outbox as administrators see it: without its payload.
package struct OutboxEntry: RowDecodable, Sendable {
    package let id: Int64
    package let kind: String
    /// What it is about, and what tells it from others of its kind.
    package let key: String
    package let createdAt: Instant
    package let dueAt: Instant
    package let attempts: Int
    /// A code or the name of an error, never its text.
    package let lastError: String?
    package let parkedAt: Instant?

    package init(row: Row) throws {
        id = try row.value("id")
        kind = try row.value("kind")
        key = try row.value("key")
        createdAt = try row.value("created_at")
        dueAt = try row.value("due_at")
        attempts = try row.value("attempts")
        lastError = try row.value("last_error")
        parkedAt = try row.value("parked_at")
    }
}

/// What has not been carried out, and the way to set what was given up going again.
package struct OutboxAdministration {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// Waits for its time or for its next try.
        case pending = "PENDING"
        /// Was given up.
        case parked = "PARKED"
    }

    package enum Retry: Sendable {
        case unparked(OutboxEntry)
        case notParked
        case unknown
    }

    let db: any Connection

    package init(db: any Connection) {
        self.db = db
    }

    private static let columns: SQL = "id, kind, key, created_at, due_at, attempts, last_error, parked_at"

    /// The newest first; in both states when none is named.
    package func page(_ state: State?, _ request: PageRequest) throws -> Page<OutboxEntry> {
        // One condition per partial index: rows that are done are not looked at, however many there are.
        let source: SQL =
            switch state {
            case .pending: Self.pending
            case .parked: Self.parked
            case nil: "\(Self.pending) UNION ALL \(Self.parked)"
            }
        let batch = Batch()
        let entries = batch.all(
            OutboxEntry.self,
            """
            SELECT \(Self.columns) FROM (\(source)) open ORDER BY id DESC
            LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let total = request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM (\(source)) open") : nil
        try batch.run(db)
        return Page(fetched: try entries.value, request: request, total: try total?.value ?? nil)
    }

    private static let pending: SQL = "SELECT \(columns) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL"
    private static let parked: SQL = "SELECT \(columns) FROM outbox WHERE done_at IS NULL AND parked_at IS NOT NULL"

    /// Makes a message that was given up due at once, with all its tries before it.
    package func retry(_ id: Int64) throws -> Retry {
        let now = db.now
        let entry: OutboxEntry? = try db.first(
            """
            UPDATE outbox SET parked_at = NULL, claim = NULL, claimed_until = NULL, attempts = 0, due_at = \(now)
            WHERE id = \(id) AND parked_at IS NOT NULL AND done_at IS NULL
            RETURNING \(Self.columns)
            """)
        guard let entry else {
            return try db.exists("SELECT 1 FROM outbox WHERE id = \(id)") ? .notParked : .unknown
        }
        db.scope.raiseOutboxSignal(entry.kind)
        return .unparked(entry)
    }
}
