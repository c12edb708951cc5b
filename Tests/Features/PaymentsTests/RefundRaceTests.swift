import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Payments

@Suite("Races for refunds")
struct RefundRaceTests {
    private func all(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Bool) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    private func asked(_ paid: Purse.Paid, _ purse: Purse) async throws -> Int64 {
        try await purse.refunds(of: paid).filter { $0.status != .failed }.reduce(0) { $0 + $1.amount.minorUnits }
    }

    @Test("of many refunds at once no more goes back than has come", arguments: DatabaseKind.available)
    func overRefund(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let paid = try await purse.plant()
            let service = RefundService(context: purse.context)
            let given = try await all(20) { number in
                let order = RefundService.Order(
                    transaction: paid.transaction, amount: Money(minorUnits: 10_000), reason: "race \(number)",
                    gatewayPayment: nil)
                do {
                    _ = try await service.refund(order, origin: Purse.origin, once: nil) { payment, _ in payment.id }
                    return true
                } catch is RefundError {
                    return false
                }
            }
            #expect(given == 5)
            #expect(try await asked(paid, purse) == 50_000)
        }
    }

    /// Shows that the test above can fail: the same without the lock.
    @Test(
        "without the payment's lock more would go back",
        .enabled(if: DatabaseKind.available.contains(.postgres)))
    func withoutLock() async throws {
        try await withPurse(.postgres) { purse in
            var excess: Int64 = 0
            for attempt in 0..<20 where excess == 0 {
                let paid = try await purse.plant()
                _ = try await all(20) { number in
                    try await purse.database.write { db in
                        let desk = RefundDesk(db: db)
                        guard let capture = try RefundRepository(db: db).captures(of: paid.id).first,
                            try desk.left(of: capture) >= Money(minorUnits: 10_000)
                        else { return false }
                        return try RefundRepository(db: db).insert(
                            RefundRepository.Draft(
                                gatewayPayment: paid.gatewayPayment, amount: Money(minorUnits: 10_000),
                                reason: "ADMIN", key: "race-\(attempt)-\(number)")) != nil
                    }
                }
                let sum: Int64? = try await purse.database.read { db in
                    try db.value(
                        """
                        SELECT CAST(sum(amount) AS bigint) FROM refunds
                        WHERE gateway_payment_id = \(paid.gatewayPayment)
                        """)
                }
                excess = (sum ?? 0) - 50_000
            }
            #expect(excess > 0)
        }
    }
}
