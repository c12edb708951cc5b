import CareSyncCore
import CareSyncTesting
import FeatureContract
import Persistence
import Razorpay
import Testing

@testable import Payments

/// What can happen to one payment.
private enum Step: CaseIterable {
    case verified, captured, failed, ended, cancelled, refunded

    static let orders: [[Step]] = permutations(of: allCases)

    private static func permutations(of steps: [Step]) -> [[Step]] {
        guard steps.count > 1 else { return [steps] }
        return steps.indices.flatMap { index -> [[Step]] in
            var rest = steps
            let first = rest.remove(at: index)
            return permutations(of: rest).map { [first] + $0 }
        }
    }
}

@Suite("Every order of events")
struct InterleavingTests {
    private static let amount: Int64 = 50_000

    @Test("of one payment, each of the 720 orders ends legally and keeps the sum", arguments: DatabaseKind.available)
    func all(_ kind: DatabaseKind) async throws {
        #expect(Step.orders.count == 720)
        try await withCounter(kind) { counter in
            for (index, steps) in Step.orders.enumerated() {
                let number = Int64(index + 1)
                try await counter.add(number)
                let payment = try await Self.reserve(number, counter)
                try await counter.context.database.write { db in
                    for step in steps { try Self.carryOut(step, number, payment, counter, db) }
                    try Self.check(number, payment, steps, counter, db)
                }
            }
        }
    }

    @Test("at once, they leave one capture", arguments: DatabaseKind.available)
    func atOnce(_ kind: DatabaseKind) async throws {
        try await withCounter(kind) { counter in
            for round in 0..<TestLength.choose(short: 20, long: 500) {
                let number = Int64(round + 1)
                try await counter.add(number)
                let payment = try await Self.reserve(number, counter)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for step in Step.allCases + [.captured, .verified] {
                        group.addTask {
                            try await counter.context.database.write { db in
                                try Self.carryOut(step, number, payment, counter, db)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await counter.context.database.write { db in
                    try Self.check(number, payment, [], counter, db)
                }
            }
        }
    }

    private static func reserve(_ number: Int64, _ counter: Counter) async throws -> PaymentID {
        try await counter.context.database.write { db in
            let order = try counter.request(number).order(for: PayableID(.appointment, number))
            let id = try counter.desk.reserve(order, origin: Counter.origin, db)
            try PaymentRepository(db: db).complete(id, order: "order-\(number)")
            return id
        }
    }

    private static func carryOut(
        _ step: Step, _ number: Int64, _ id: PaymentID, _ counter: Counter, _ db: any Connection
    ) throws {
        let (settlement, order) = (counter.settlement, "order-\(number)")
        switch step {
        case .verified:
            try settlement.observe([Counter.paid("pay-\(number)", order)], origin: Counter.origin, db)
        case .captured:
            _ = try settlement.captured(Counter.paid("pay-\(number)", order), origin: Counter.origin, db)
        case .failed:
            try settlement.failed(Counter.paid("pay-\(number)", order, .failed), origin: Counter.origin, db)
        case .ended: try end(number, id, db)
        case .cancelled:
            _ = try FakePayable().lock(number, db)
            if try PaymentRepository(db: db).lock(id)?.status.isOpen == true {
                try PaymentRepository(db: db).cancel(id, reason: FailureReason.byPatient)
            }
        case .refunded: try giveBack(id, db)
        }
    }

    /// As the feature that owns a thing ends it: open payments with it, and what is paid goes back.
    private static func end(_ number: Int64, _ id: PaymentID, _ db: any Connection) throws {
        _ = try FakePayable().lock(number, db)
        try db.run("UPDATE fake_payables SET state = 'OVER' WHERE number = \(number)")
        _ = try PaymentRepository(db: db).lock(id)
        try PaymentRepository(db: db).cancel(id, reason: FailureReason.byClinic)
        try giveBack(id, db)
    }

    private static func giveBack(_ id: PaymentID, _ db: any Connection) throws {
        _ = try PaymentRepository(db: db).lock(id)
        let capture: Capture? = try db.first(
            "SELECT \(Capture.columns) FROM payment_captures WHERE payment_id = \(id) AND state = 'CONFIRMED'")
        guard let capture else { return }
        try RefundDesk(db: db).request(
            capture.amount, of: capture, payment: id, key: RefundDesk.wholeKey(capture.gatewayPaymentID),
            reason: "TEST", by: nil)
    }

    private static func check(
        _ number: Int64, _ id: PaymentID, _ steps: [Step], _ counter: Counter, _ db: any Connection
    ) throws {
        let captures: [Capture] = try db.all(
            "SELECT \(Capture.columns) FROM payment_captures WHERE payment_id = \(id)")
        let capture = try #require(captures.first, "\(steps)")
        #expect(captures.count == 1, "\(steps)")
        let refunds: [Money] = try db.values("SELECT amount FROM refunds WHERE payment_id = \(id)")
        let status = try #require(try PaymentRepository(db: db).find(id)).status
        let state: String? = try db.value("SELECT state FROM fake_payables WHERE number = \(number)")
        // The sum that came either pays, or goes back whole and once.
        switch capture.state {
        case .confirmed:
            #expect(status.isPaid, "\(steps)")
            #expect(refunds.count <= 1, "\(steps)")
            #expect(state == "PAID" || refunds == [Money(minorUnits: amount)], "\(steps)")
        case .returned:
            #expect(status == .cancelled || status == .failed, "\(steps)")
            #expect(state == "OVER", "\(steps)")
            #expect(refunds == [Money(minorUnits: amount)], "\(steps)")
        case .review: Issue.record("\(steps)")
        }
    }
}
