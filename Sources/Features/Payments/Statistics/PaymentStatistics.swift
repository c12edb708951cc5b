import CareSyncCore
import Persistence

/// How many payments there are, by how they ended.
struct PaymentCounts: RowDecodable, Sendable, Equatable {
    let total: Int64
    /// Paid, and nothing of it went back.
    let successful: Int64
    /// Failed or cancelled.
    let failed: Int64

    init(row: Row) throws {
        total = try row.value("total")
        successful = try row.value("successful")
        failed = try row.value("failed")
    }

    /// Goes through an index that has the status.
    static let statement: SQL = """
        SELECT CAST(coalesce(sum(number), 0) AS bigint) AS total,
               CAST(coalesce(sum(CASE WHEN status = 'SUCCESS' THEN number END), 0) AS bigint) AS successful,
               CAST(coalesce(sum(CASE WHEN status IN ('FAILED', 'CANCELLED') THEN number END), 0) AS bigint) AS failed
        FROM (SELECT status, count(*) AS number FROM payments GROUP BY status) counted
        """
}

/// The clinic's payments in figures.
struct PaymentStatistics: Sendable, Equatable {
    let counts: PaymentCounts
    let balance: Balance

    /// What came in, without what the vendor has confirmed to have gone back.
    var revenue: Money { balance.captured - balance.refunded }

    /// Rounded half up to a paisa; zero without any.
    var average: Money {
        guard counts.successful > 0 else { return .zero }
        let (whole, rest) = revenue.minorUnits.quotientAndRemainder(dividingBy: counts.successful)
        return Money(minorUnits: whole + (rest * 2 >= counts.successful ? 1 : 0))
    }
}

struct StatisticsService: Sendable {
    let database: any Database

    func statistics() async throws -> PaymentStatistics {
        try await database.read { db in
            guard let counts: PaymentCounts = try db.first(PaymentCounts.statement) else { throw Problem.fault }
            return PaymentStatistics(counts: counts, balance: try Balance.find(db))
        }
    }
}
