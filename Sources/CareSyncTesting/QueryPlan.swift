package import Persistence

/// How a database executes a statement.
package enum QueryPlan {
    /// Without sequential scans on PostgreSQL where an index could serve: tables of tests are too small for it to choose
    /// well by itself.
    package static func explain(_ sql: SQL, _ db: any Connection) throws -> String {
        if db.dialect == .postgres {
            try db.run("SET LOCAL enable_seqscan = off")
            let lines: [String] = try db.values("EXPLAIN \(sql)")
            return lines.joined(separator: "\n")
        }
        var lines: [String] = []
        try db.query("EXPLAIN QUERY PLAN \(sql)") { lines.append(try $0.value("detail")) }
        return lines.joined(separator: "\n")
    }

    /// What is read from one end to the other, whatever the plan names, but for tables that stay small and parts of the
    /// statement that others have bounded.
    package static func scans(_ plan: String, bounded: [String]) -> [String] {
        plan.split(separator: "\n").map { $0.trimmingPrefix { " ->".contains($0) } }.filter { line in
            if line.contains("Seq Scan on ") {
                return !bounded.contains { line.contains("Seq Scan on \($0) ") || line.hasSuffix("Seq Scan on \($0)") }
            }
            guard line.hasPrefix("SCAN ") else { return false }
            return !bounded.contains {
                line == "SCAN \($0)" || line.hasPrefix("SCAN \($0) ") || line.hasPrefix("SCAN \($0)-")
            }
        }.map(String.init)
    }
}
