/// One entry of the schema ledger. An entry that has been released never changes; a later one changes what it made.
package struct Migration: Sendable {
    /// What an entry does, in order. Each step is remembered when it is done, so a program that stops in between goes on
    /// there.
    package enum Step: Sendable {
        /// Statements of one transaction.
        case transaction(@Sendable (Dialect) -> [SQL])
        /// An index on a table that may be large. PostgreSQL builds it while others write.
        case index(Index)
        /// A statement that changes a bounded number of rows; it is repeated, each time in a transaction of its own, until it
        /// changes none.
        case backfill(@Sendable (Dialect) -> SQL)
    }

    package struct Index: Sendable {
        let name: SQL
        let isUnique: Bool
        let definition: SQL

        /// - Parameter definition: what follows `ON`, such as `appointments (doctor_id, starts_at)`.
        package init(_ name: SQL, unique: Bool = false, on definition: SQL) {
            self.name = name
            isUnique = unique
            self.definition = definition
        }

        func statement(isConcurrent: Bool) -> SQL {
            let (unique, concurrently): (SQL, SQL) = (isUnique ? " UNIQUE" : "", isConcurrent ? " CONCURRENTLY" : "")
            return "CREATE\(unique) INDEX\(concurrently) IF NOT EXISTS \(name) ON \(definition)"
        }
    }

    /// `feature/subject`, such as `scheduling/appointments`. The order of entries is that of the ledger.
    package let name: String
    package let steps: [Step]

    package init(_ name: String, steps: [Step]) {
        self.name = name
        self.steps = steps
    }

    package init(_ name: String, _ build: @escaping @Sendable (Dialect) -> [SQL]) {
        self.init(name, steps: [.transaction(build)])
    }

    /// Changes when the text of a step changes (FNV-1a, 64 bits: it finds edits, not attacks).
    package func checksum(_ dialect: Dialect) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in steps.flatMap({ Self.texts($0, dialect) }).joined(separator: ";").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }

    private static func texts(_ step: Step, _ dialect: Dialect) -> [String] {
        switch step {
        case .transaction(let build): build(dialect).map(\.text)
        case .index(let index): [index.statement(isConcurrent: false).text]
        case .backfill(let build): [build(dialect).text]
        }
    }

    /// The statement that makes an ``IDAllocator``. PostgreSQL hands out blocks, of which each connection keeps one.
    package static func createAllocator(_ name: SQL, start: SQL = "1", dialect: Dialect) -> SQL {
        dialect == .postgres
            ? "CREATE SEQUENCE \(name) AS bigint START WITH \(start) INCREMENT BY 32"
            : "INSERT INTO id_allocators (name, next) VALUES ('\(name)', \(start))"
    }
}
