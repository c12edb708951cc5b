import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Payments

/// How the databases find what refunds and the reconciliation look for.
@Suite("Query plans of refunds")
struct RefundPlanTests {
    private static let now = Instant(seconds: 1_800_000_000)
    private static let cursor = RoundCursor(at: now - .hours(1), id: 5)

    private static let statements: [(name: String, index: String, sql: SQL)] = [
        ("open", "payments_open", ReconciliationRepository.open(after: cursor, until: now, limit: 20)),
        ("closed", "payments_closed", ReconciliationRepository.closed(after: cursor, until: now, limit: 20)),
        ("refunds", "refunds_open", ReconciliationRepository.openRefunds(after: cursor, until: now, limit: 20)),
        ("unclaimed", "payments_unclaimed", ReconciliationRepository.unclaimed(since: now, limit: 20)),
        ("captures for review", "payment_captures_review", ReviewList.statements[0]),
        ("failed refunds", "refunds_failed", ReviewList.statements[1]),
        ("refunds by hand", "refunds_open", ReviewList.statements[2]),
        ("events for review", "payment_events_review", ReviewList.statements[3]),
    ]

    @Test("every statement goes by its index", arguments: DatabaseKind.available)
    func byIndex(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            for statement in Self.statements {
                let plan = try await QueryPlan.of(statement.sql, in: purse.database)
                // Few sums ever wait for a person, so SQLite may find them by their state as well.
                let isFound = plan.uses(statement.index) || plan.uses("payment_captures_sums")
                #expect(isFound, "\(statement.name):\n\(plan)")
            }
        }
    }

    @Test("the balance is summed by indexes that have all it needs", arguments: DatabaseKind.available)
    func balance(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let plan = try await QueryPlan.of(Balance.statement, in: purse.database)
            for index in ["payments_sums", "payment_captures_sums", "refunds_sums"] {
                #expect(plan.uses(index), "\(index):\n\(plan)")
            }
        }
    }
}
