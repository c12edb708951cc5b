import CareSyncCore
import Concurrency
import Logging
import Mail
import Persistence

/// Gives paid payments their receipt numbers, without gaps: behind the capture and in batches, so captures never wait for
/// each other (rules/receipts 1). Any number of nodes may do it; the locked counter lets one at a time.
struct ReceiptNumbering: Sendable {
    let database: any Database
    let isMailAvailable: Bool
    let logger: Logger

    static let batch = 200

    /// Until the task is cancelled.
    func run() async {
        await PeriodicTask("numbering of receipts", every: .seconds(1), logger: logger, numberAll).run()
    }

    /// Numbers everything that is paid by now.
    func numberAll() async throws {
        // Looked up on a reader: who writes does not wait for an idle job.
        guard try await database.read({ try $0.exists(Self.waiting) }) else { return }
        var count = Self.batch
        while count == Self.batch { count = try await database.write { try number($0) } }
    }

    static let waiting: SQL = """
        SELECT 1 FROM payments WHERE completed_at IS NOT NULL AND receipt_number IS NULL LIMIT 1
        """

    private struct Numbered: RowDecodable {
        let id: PaymentID
        let amount: Money

        init(row: Row) throws {
            id = try row.value("id")
            amount = try row.value("amount")
        }
    }

    /// One batch; how many it had.
    func number(_ db: any Connection) throws -> Int {
        // The lock first, in a statement of its own: the next one sees what its last holder has done.
        let last: Int64? = try db.value(
            "SELECT last_number FROM receipt_counter WHERE id = 1\(db.dialect.forUpdate(of: "receipt_counter"))")
        guard let last else { throw Problem.fault }
        let numbered: [Numbered] = try db.all(Self.giving(after: last))
        guard !numbered.isEmpty else { return 0 }
        try db.run("UPDATE receipt_counter SET last_number = \(last + Int64(numbered.count)) WHERE id = 1")
        if isMailAvailable {
            for payment in numbered where payment.amount > .zero { try db.enqueue(ReceiptMail.order(payment.id)) }
        }
        return numbered.count
    }

    /// In the order of payment.
    static func giving(after last: Int64) -> SQL {
        """
        UPDATE payments SET receipt_number = \(last) + due.position
        FROM (
            SELECT id, row_number() OVER (ORDER BY completed_at, id) AS position
            FROM (
                SELECT id, completed_at FROM payments WHERE completed_at IS NOT NULL AND receipt_number IS NULL
                ORDER BY completed_at, id LIMIT \(batch)
            ) paid
        ) due
        WHERE payments.id = due.id
        RETURNING payments.id, payments.amount
        """
    }
}
