/// One step of the schema. Numbers form one sequence over all features; a step that has been released never changes.
package struct Migration: Sendable {
    package let number: Int
    /// A few words, shown by `caresync migrate --dry-run`.
    package let name: String
    private let build: @Sendable (Dialect) -> [SQL]

    package init(_ number: Int, _ name: String, _ build: @escaping @Sendable (Dialect) -> [SQL]) {
        self.number = number
        self.name = name
        self.build = build
    }

    package func statements(_ dialect: Dialect) -> [SQL] { build(dialect) }

    /// Changes when the text of the step changes (FNV-1a, 64 bits: it finds edits, not attacks).
    package func checksum(_ dialect: Dialect) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for statement in statements(dialect) {
            for byte in statement.text.utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }

    /// The statement that makes an ``IDAllocator``. PostgreSQL hands out blocks, of which each connection keeps one.
    package static func createAllocator(_ name: SQL, start: SQL = "1", dialect: Dialect) -> SQL {
        dialect == .postgres
            ? "CREATE SEQUENCE \(name) AS bigint START WITH \(start) INCREMENT BY 32"
            : "INSERT INTO id_allocators (name, next) VALUES ('\(name)', \(start))"
    }
}
