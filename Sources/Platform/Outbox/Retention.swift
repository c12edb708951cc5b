package import CareSyncCore
import Concurrency
package import Logging
package import Persistence

/// Rows that are no longer needed.
package struct RetentionRule: Sendable {
    let delete: @Sendable (_ now: Instant, _ limit: Int) -> SQL

    /// - Parameter delete: a statement that deletes what is too old at `now`, at most `limit` rows of it.
    package init(_ delete: @escaping @Sendable (_ now: Instant, _ limit: Int) -> SQL) {
        self.delete = delete
    }

    /// Deletes by the `id` of a table.
    ///
    /// - Parameter condition: what the rows are that go, such as `done_at < …`.
    package init(table: SQL, where condition: @escaping @Sendable (_ now: Instant) -> SQL) {
        self.init { now, limit in
            "DELETE FROM \(table) WHERE id IN (SELECT id FROM \(table) WHERE \(condition(now)) LIMIT \(limit))"
        }
    }
}

/// Deletes rows that are no longer needed, each hour. An hour's run is one row of the outbox, so it happens once
/// whatever the number of nodes.
package struct RetentionJob: Sendable {
    /// The run of an hour.
    struct Run: Job {
        static let kind = "clean-up"
        let start: Instant
        var key: String { start.description }

        init(hour: Int64) {
            start = Instant(seconds: hour * 3600)
        }
    }

    /// The most rows of one table deleted at a time: the transaction stays short, and the rest follows an hour later.
    private static let limit = 20_000

    private let database: any Database
    private let rules: [RetentionRule]
    private let logger: Logger

    package init(database: any Database, rules: [RetentionRule], logger: Logger) {
        self.database = database
        self.rules = rules
        self.logger = logger
    }

    /// Those of the platform's own tables.
    package static let platformRules: [RetentionRule] = [
        // For a month a message that was carried out cannot be written again, and can be looked at when something is asked.
        RetentionRule(table: "outbox") { now in "done_at < \(now - .days(30))" },
        // As long as rules/idempotency 1 promises to repeat an answer.
        RetentionRule { now, _ in "DELETE FROM idempotency_keys WHERE created_at < \(now - .hours(48))" },
    ]

    package var handler: JobHandler {
        .transaction(Run.self) { _, db in
            let now = db.scope.services.time.now
            for rule in rules { try db.run(rule.delete(now, Self.limit)) }
            try schedule(Self.hour(of: now) + 1, db)
        }
    }

    /// Ensures that the hour's run is in the outbox; repeating it does no harm.
    package func schedule() async throws {
        try await database.write { db in try schedule(Self.hour(of: db.now), db) }
    }

    /// Keeps the clean-up scheduled until the task is cancelled, even if its row was lost or the clock was set.
    package func run() async {
        await PeriodicTask("scheduling of the clean-up", every: .seconds(600), logger: logger, schedule).run()
    }

    private func schedule(_ hour: Int64, _ db: any Connection) throws {
        let run = Run(hour: hour)
        try db.enqueue(run, due: run.start)
    }

    private static func hour(of now: Instant) -> Int64 { now.seconds.dividedDown(by: 3600) }
}
