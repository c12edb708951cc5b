import Concurrency
package import Logging
package import Persistence

/// Where the audit log's rows about each patient are: the table `audit_by_patient`, which is filled behind the log. The
/// rows of one burst then go into it together and in its own order, where an index of the log would change a page of its
/// own for each of them while somebody waits for a booking.
///
/// Rows become visible in the order of their chain, so one number per chain says how far it is listed.
package struct AuditByPatient: Sendable {
    /// Rows of a chain that are listed in one transaction: some 20 ms on SQLite, whose other transactions wait.
    static let mostRows = 4096

    private let database: any Database
    private let logger: Logger

    package init(database: any Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Lists new rows each second, until the task is cancelled.
    package func run() async {
        await PeriodicTask("listing of audit rows by patient", every: .seconds(1), logger: logger) {
            while try await database.write({ db in try Self.listSome(db) }) {}
        }.run()
    }

    /// Lists what is in the log and not in the list yet. Who reads by patient calls it first, and misses nothing then that
    /// was committed before.
    package static func complete(_ db: any Connection) throws {
        while try listSome(db) {}
    }

    /// Whether there is more.
    static func listSome(_ db: any Connection) throws -> Bool {
        guard try hasUnlisted(db) else { return false }
        try db.run(
            """
            INSERT INTO audit_listed (shard, sequence)
            WITH RECURSIVE \(AuditCheckpoint.shards) SELECT shard, 0 FROM shards WHERE shard IS NOT NULL
            ON CONFLICT DO NOTHING
            """)
        // In one order, because nodes do this at the same time. Numbers are missing where rows were removed.
        let spans: [Span] = try db.all(
            """
            SELECT l.shard, l.sequence, coalesce(
                (SELECT a.sequence FROM audit_log a WHERE a.shard = l.shard AND a.sequence > l.sequence
                 ORDER BY a.sequence LIMIT 1 OFFSET \(mostRows - 1)),
                (SELECT max(a.sequence) FROM audit_log a WHERE a.shard = l.shard)) AS head
            FROM audit_listed l
            WHERE EXISTS (SELECT 1 FROM audit_log a WHERE a.shard = l.shard AND a.sequence > l.sequence)
            ORDER BY l.shard\(db.dialect.forUpdate(of: "l"))
            """)
        for span in spans {
            try db.run(
                """
                INSERT INTO audit_by_patient (patient_id, at, shard, sequence)
                SELECT a.patient_id, a.at, a.shard, a.sequence FROM audit_log a
                WHERE a.shard = \(span.shard) AND a.sequence > \(span.sequence) AND a.sequence <= \(span.head)
                  AND a.patient_id IS NOT NULL
                ORDER BY a.patient_id, a.at, a.sequence ON CONFLICT DO NOTHING
                """)
            try db.run("UPDATE audit_listed SET sequence = \(span.head) WHERE shard = \(span.shard)")
        }
        return spans.contains { $0.head - $0.sequence >= mostRows }
    }

    /// The rows of a chain that one transaction lists: behind `sequence`, up to `head`.
    private struct Span: RowDecodable {
        let shard: Int
        let sequence: Int64
        let head: Int64

        init(row: Row) throws {
            shard = try row.value("shard")
            sequence = try row.value("sequence")
            head = try row.value("head")
        }
    }

    private static func hasUnlisted(_ db: any Connection) throws -> Bool {
        try db.exists(
            """
            WITH RECURSIVE \(AuditCheckpoint.shards)
            SELECT 1 FROM shards s
            WHERE EXISTS (SELECT 1 FROM audit_log a WHERE a.shard = s.shard AND a.sequence > coalesce(
                              (SELECT l.sequence FROM audit_listed l WHERE l.shard = s.shard), 0))
            """)
    }

    /// The first row that should be listed and is not.
    static func firstUnlisted(_ db: any Connection) throws -> AuditDefect? {
        var defect: AuditDefect?
        try db.query(
            """
            SELECT a.shard, a.sequence FROM audit_listed l
            JOIN audit_log a ON a.shard = l.shard AND a.sequence <= l.sequence
            WHERE a.patient_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM audit_by_patient p
                WHERE p.patient_id = a.patient_id AND p.at = a.at AND p.shard = a.shard AND p.sequence = a.sequence)
            ORDER BY a.shard, a.sequence LIMIT 1
            """
        ) { row in
            defect = AuditDefect(shard: try row.value("shard"), sequence: try row.value("sequence"), .unlisted)
        }
        return defect
    }
}
