import CareSyncCore
import Synchronization

/// A kind of things that processes remember and any of them may revoke, such as sessions.
package struct RevocationKind: Sendable, Hashable {
    package let name: String

    package init(_ name: StaticString) {
        self.name = "\(name)"
    }
}

/// Tells every process on the database what to forget: one row for each revoked thing.
///
/// Neither the clocks of programs nor numbers given before the commit tell which rows a reader has not seen yet. On
/// PostgreSQL a row has the id of its transaction, and a reader goes on from the oldest transaction that was open when it
/// read last; SQLite has one writer, whose numbers ascend in the order of commits.
package enum RevocationFeed {
    static func tables(_ d: Dialect) -> [SQL] {
        let transaction: SQL =
            d == .postgres ? "\n    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)," : ""
        return [
            """
            CREATE TABLE revocations (
                id \(d.identity),
                kind \(d.text) NOT NULL,
                subject \(d.integer) NOT NULL,\(transaction)
                at \(d.instant) NOT NULL DEFAULT (\(now(d)))
            )\(d.strict)
            """,
            "CREATE INDEX revocations_age ON revocations (at)",
        ] + (d == .postgres ? ["CREATE INDEX revocations_unread ON revocations (kind, xid)"] : [])
    }

    /// Makes every process forget these with the commit of this transaction.
    package static func revoke(_ kind: RevocationKind, _ subjects: [Int64], db: any Connection) throws {
        var rest = subjects[...]
        while !rest.isEmpty {
            let rows = rest.prefix(500).map { "(\(kind.name), \($0))" as SQL }
            rest = rest.dropFirst(500)
            try db.run("INSERT INTO revocations (kind, subject) VALUES \(SQL.joined(rows, separator: ", "))")
        }
    }

    /// How long rows are kept; a reader that was away for longer forgets everything.
    static let lifetime = TimeSpan.hours(1)

    /// Deletes what every reader has read, or has been away for too long to read.
    package static func purge(db: any Connection) throws {
        let end: SQL =
            db.dialect == .postgres
            ? "\(now(.postgres)) - interval '1 hour'" : "\(now(.sqlite)) - \(lifetime.microseconds)"
        try db.run("DELETE FROM revocations WHERE at < \(end)")
    }

    /// The database's clock.
    fileprivate static func now(_ d: Dialect) -> SQL {
        d == .postgres ? "clock_timestamp()" : "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
    }
}

/// Reads a process's news of one kind. Of two calls that overlap, both may bring the same.
package final class RevocationReader: Sendable {
    package struct News: Sendable, Equatable {
        /// What was revoked since the last reading, in no order. The first reading brings all there is.
        package let subjects: [Int64]
        /// Whether nothing was missed; otherwise everything must be forgotten.
        package let isComplete: Bool
    }

    private struct Position {
        /// The first number that may be missing.
        var floor: Int64
        /// Rows from there on that were read already.
        var seen: Set<Int64>
        var readAt: Instant
    }

    private let kind: RevocationKind
    private let position = Mutex<Position?>(nil)

    package init(_ kind: RevocationKind) {
        self.kind = kind
    }

    package func news(in database: any Database) async throws -> News {
        let last = position.withLock { $0 }
        let look = try await database.read { [kind] db in try Look(kind, from: last?.floor ?? 0, db) }
        position.withLock {
            $0 = Position(floor: look.floor, seen: Set(look.rows.map(\.id)), readAt: look.readAt)
        }
        guard let last else { return News(subjects: look.rows.map(\.subject), isComplete: true) }
        // A database that was restored from a copy counts its transactions from an earlier number.
        let isComplete = look.readAt - last.readAt < RevocationFeed.lifetime && look.floor >= last.floor
        let new = look.rows.filter { !last.seen.contains($0.id) }
        return News(subjects: new.map(\.subject), isComplete: isComplete)
    }

    private struct Look: Sendable {
        var floor: Int64 = 0
        var readAt = Instant(seconds: 0)
        var rows: [(id: Int64, subject: Int64)] = []

        init(_ kind: RevocationKind, from start: Int64, _ db: any Connection) throws {
            try db.query(RevocationReader.unread(kind, from: start, db.dialect)) { row in
                self.floor = try row.value("floor")
                readAt = try row.value("read_at")
                if let id: Int64 = try row.value("id") { rows.append((id: id, subject: try row.value("subject"))) }
            }
        }
    }

    /// One row at least, which tells how far the reader is now; and one for each revoked thing from `start` on.
    static func unread(_ kind: RevocationKind, from start: Int64, _ d: Dialect) -> SQL {
        // Unlike PostgreSQL's, SQLite's floor is not known before the rows: what is deleted does not lower it.
        let floor: SQL =
            d == .postgres
            ? "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            : "max(\(start), (SELECT coalesce(max(id), 0) + 1 FROM revocations))"
        let number: SQL = d == .postgres ? "r.xid" : "r.id"
        return """
            SELECT f.floor, f.read_at, r.id, r.subject
            FROM (SELECT \(floor) AS floor, \(RevocationFeed.now(d)) AS read_at) f
                LEFT JOIN revocations r ON r.kind = \(kind.name) AND \(number) >= \(start)
            """
    }
}
