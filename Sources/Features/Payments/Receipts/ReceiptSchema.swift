import Persistence

enum ReceiptSchema {
    /// The number given last, in one row; and an index by which payments are counted. The unique one is of numbers only, so
    /// that nobody looks among those without for what waits for a number.
    static let migration = Migration("payments/receipts") { d in
        [
            """
            CREATE TABLE receipt_counter (
                id \(d.integer) PRIMARY KEY CHECK (id = 1),
                last_number \(d.integer) NOT NULL CHECK (last_number >= 0)
            )\(d.strict)
            """,
            "INSERT INTO receipt_counter (id, last_number) VALUES (1, 0)",
            "CREATE UNIQUE INDEX payments_receipt ON payments (receipt_number) WHERE receipt_number IS NOT NULL",
        ]
    }
}
