package import Persistence

/// How a database would carry out a statement.
package struct QueryPlan: Sendable, CustomStringConvertible {
    /// The steps, as the database words them.
    package let lines: [String]
    private let dialect: Dialect

    package var description: String { lines.joined(separator: "\n") }

    /// Steps that read a whole table, such as `Seq Scan on appointments` or `SCAN appointments`; on SQLite also those that
    /// read it by way of a whole index.
    package var fullScans: [String] {
        switch dialect {
        case .postgres: lines.filter { $0.contains("Seq Scan on ") }
        case .sqlite:
            lines.filter {
                $0.hasPrefix("SCAN ") && !$0.contains("VIRTUAL TABLE") && !$0.hasPrefix("SCAN CONSTANT")
                    && !$0.hasPrefix("SCAN (")
            }
        }
    }

    /// Whether some step goes by the index of that name.
    package func uses(_ index: String) -> Bool {
        lines.contains {
            $0.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).contains { $0 == index }
        }
    }

    /// ``fullScans`` but of what stays small, by table or alias, or is bounded by another part of the statement.
    package func fullScans(except bounded: [String]) -> [String] {
        fullScans.filter { line in
            let scanned = line.split(separator: " ").drop { $0 != "on" && $0 != "SCAN" }.dropFirst()
            return !bounded.contains { name in scanned.first.map { $0 == name || $0.hasPrefix("\(name)-") } ?? false }
        }
    }

    /// Asks the database, and runs nothing. The planner takes an index wherever one serves, however small the tables of a
    /// test are; so a full scan says that none does.
    package static func of(_ sql: SQL, in database: any Database) async throws -> QueryPlan {
        try await database.write { try of(sql, $0) }
    }

    /// The same inside a transaction, whose later statements are planned so, too.
    package static func of(_ sql: SQL, _ db: any Connection) throws -> QueryPlan {
        var lines: [String] = []
        if db.dialect == .postgres {
            try db.run(["SET LOCAL enable_seqscan = off", "SET LOCAL enable_bitmapscan = off"])
            try db.query("EXPLAIN (COSTS OFF) \(sql)") { lines.append(try $0.value(at: 0)) }
        } else {
            try db.query("EXPLAIN QUERY PLAN \(sql)") { lines.append(try $0.value("detail")) }
        }
        return QueryPlan(lines: lines.map { String($0.drop { " ->".contains($0) }) }, dialect: db.dialect)
    }
}
