import CareSyncCore
import CareSyncTesting
import Persistence
import RazorpayStandIn
import Testing

@testable import Payments
@testable import Razorpay

/// News that was lost, and how it is found.
@Suite("Reconciliation")
struct ReconciliationTests {
    private let admin = RequestOrigin.system("test")

    @Test("one run heals a payment whose news was lost, and only once", arguments: DatabaseKind.available)
    func lostWebhook(kind: DatabaseKind) async throws {
        try await withVendor(kind) { purse, gateway in
            let waiting = try await purse.ordered()
            _ = try gateway.pay(waiting.order)
            _ = gateway.takeEvents()
            let service = ReconciliationService(context: purse.context)
            let first = try await service.reconcile(by: admin)
            #expect(first.report == Reconciliation.Report(checked: 1, healed: 1, refunded: 0))
            #expect(try await purse.payment(waiting.paid).status == .success)
            let second = try await service.reconcile(by: admin)
            #expect(second.report == Reconciliation.Report())
            #expect(try await purse.balance().isEven && gateway.balance == 50_000)
        }
    }

    @Test("a bank that says yes after a failure is heard", arguments: [true, false])
    func lateYes(isCancelled: Bool) async throws {
        try await withVendor { purse, gateway in
            let waiting = try await purse.ordered(status: isCancelled ? .cancelled : .failed)
            let receipt = try gateway.pay(waiting.order, .failed)
            try gateway.resolve(receipt.payment, .captured)
            _ = gateway.takeEvents()
            let found = try await ReconciliationService(context: purse.context).reconcile(by: admin)
            #expect(found.report.healed == 1)
            #expect(try await purse.payment(waiting.paid).status == .success)
        }
    }

    @Test("an order whose answer was lost is found by its receipt")
    func lostOrder() async throws {
        try await withVendor { purse, gateway in
            let waiting = try await purse.ordered(knowsOrder: false)
            _ = try gateway.pay(waiting.order)
            let found = try await ReconciliationService(context: purse.context).reconcile(by: admin)
            #expect(found.report.healed == 1)
            #expect(try await purse.payment(waiting.paid).orderID == waiting.order)
            #expect(try await purse.payment(waiting.paid).status == .success)
        }
    }

    @Test("an unpaid payment ends after half an hour, once the vendor agrees")
    func timeOut() async throws {
        try await withVendor { purse, gateway in
            let unpaid = try await purse.ordered()
            let authorized = try await purse.ordered()
            gateway.behaviour.capturesItself = false
            _ = try gateway.pay(authorized.order, .authorized)
            let service = ReconciliationService(context: purse.context)
            purse.app.time.advance(by: .minutes(29))
            _ = try await service.reconcile(by: admin)
            #expect(try await purse.payment(unpaid.paid).status == .pending)
            purse.app.time.advance(by: .minutes(1))
            gateway.behaviour.calls = .reset
            await #expect(throws: PaymentError.gatewayUnavailable) { _ = try await service.reconcile(by: admin) }
            #expect(try await purse.payment(unpaid.paid).status == .pending)
            gateway.behaviour.calls = .normal
            _ = try await service.reconcile(by: admin)
            #expect(try await purse.payment(unpaid.paid).status == .cancelled)
            #expect(try await purse.payment(unpaid.paid).failureReason == "TIMED_OUT")
            #expect(try await purse.payment(authorized.paid).status == .processing)
        }
    }

    @Test(
        "refunds that are not confirmed are asked about, and those not yet asked for are",
        arguments: DatabaseKind.available)
    func refunds(kind: DatabaseKind) async throws {
        try await withVendor(kind) { purse, gateway in
            gateway.behaviour.refunds = .pending
            let waiting = try await purse.ordered()
            _ = try gateway.pay(waiting.order)
            let service = ReconciliationService(context: purse.context)
            _ = try await service.reconcile(by: admin)
            _ = try await purse.request(500, of: waiting.paid)
            // The process ends before it calls; another one's run calls.
            let asked = try await service.reconcile(by: admin)
            #expect(asked.report == Reconciliation.Report(checked: 1, healed: 1, refunded: 0))
            #expect(try await purse.payment(waiting.paid).refundStatus == .processing)
            // The job is late, and changes nothing.
            try await purse.callVendor()
            let captured = try await purse.database.read {
                try RefundRepository(db: $0).captures(of: waiting.paid.id)
            }
            let payment = try #require(captured.first?.gatewayPaymentID)
            let refund = try #require(try gateway.refunds(of: payment).first)
            #expect(try gateway.refunds(of: payment).count == 1)
            try gateway.finish(refund: refund, .processed)
            let told = try await service.reconcile(by: admin)
            #expect(told.report == Reconciliation.Report(checked: 1, healed: 1, refunded: 1))
            #expect(try await purse.payment(waiting.paid).status == .refunded)
            #expect(try await purse.balance().isEven && gateway.balance == 0)
        }
    }

    @Test("money for a visit that was never booked goes back after a day, and the patient is told")
    func unclaimed() async throws {
        try await withVendor { purse, gateway in
            let visit = try await purse.ordered()
            let medicine = try await purse.ordered(type: .medicine)
            for waiting in [visit, medicine] { _ = try gateway.pay(waiting.order) }
            let service = ReconciliationService(context: purse.context)
            _ = try await service.reconcile(by: admin)
            purse.app.time.advance(by: .hours(23))
            #expect(try await service.reconcile(by: admin).report.refunded == 0)
            purse.app.time.advance(by: .hours(1))
            #expect(try await service.reconcile(by: admin).report.refunded >= 1)
            try await purse.callVendor()
            #expect(try await purse.payment(visit.paid).status == .refunded)
            #expect(try await purse.payment(medicine.paid).status == .success)
            #expect(try await purse.app.sentMails().map(\.subject).contains("Your refund of INR 500.00"))
            #expect(try await service.reconcile(by: admin).report.refunded == 0)
        }
    }

    @Test("a vendor that hangs is given up in time, and nothing is lost")
    func hanging() async throws {
        try await withVendor { purse, gateway in
            let waiting = try await purse.ordered()
            _ = try gateway.pay(waiting.order)
            gateway.behaviour.calls = .hang
            let begin = ContinuousClock.now
            let service = ReconciliationService(context: purse.context)
            await #expect(throws: PaymentError.gatewayUnavailable) { _ = try await service.reconcile(by: admin) }
            #expect(begin.duration(to: .now) < .seconds(15))
            #expect(try await purse.payment(waiting.paid).status == .pending)
            gateway.behaviour.calls = .normal
            #expect(try await service.reconcile(by: admin).report.healed == 1)
        }
    }

    @Test("two nodes that run at once heal everything once", arguments: DatabaseKind.available)
    func twoAtOnce(kind: DatabaseKind) async throws {
        try await withVendor(kind) { purse, gateway in
            var all: [Purse.Ordered] = []
            for _ in 0..<25 {
                let waiting = try await purse.ordered()
                _ = try gateway.pay(waiting.order)
                all.append(waiting)
            }
            let service = ReconciliationService(context: purse.context)
            async let one = service.reconcile(by: admin)
            async let other = service.reconcile(by: admin)
            let healed = try await one.report.healed + other.report.healed
            #expect(healed == 25)
            for waiting in all { #expect(try await purse.payment(waiting.paid).status == .success) }
            let balance = try await purse.balance()
            #expect(balance.isEven && balance.captured.minorUnits == gateway.balance)
        }
    }

    @Test(
        "a round is made by one node at a time, and goes on where it was cut short", arguments: DatabaseKind.available)
    func rounds(kind: DatabaseKind) async throws {
        try await withVendor(kind) { purse, gateway in
            for _ in 0..<25 { _ = try gateway.pay(try await purse.ordered().order) }
            purse.app.time.advance(by: .minutes(3))
            let worker = ReconciliationWorker(context: purse.context, board: BalanceBoard())
            async let one = worker.make(.open, within: .zero)
            async let other = worker.make(.open, within: .zero)
            let made = try await [one, other].compactMap { $0 }
            #expect(made.map(\.healed) == [20])
            #expect(try await worker.make(.open) == nil)
            purse.app.time.advance(by: .minutes(1))
            #expect(try await worker.make(.open, within: .zero)?.healed == 5)
            #expect(worker.board.latest?.isEven == true)
        }
    }

    @Test("what is new is left alone by the rounds, and not by people")
    func age() async throws {
        try await withVendor { purse, gateway in
            _ = try gateway.pay(try await purse.ordered().order)
            let worker = ReconciliationWorker(context: purse.context, board: BalanceBoard())
            #expect(try await worker.make(.open)?.checked == 0)
            #expect(try await ReconciliationService(context: purse.context).reconcile(by: admin).report.healed == 1)
        }
    }
}

extension Purse {
    struct Ordered: Sendable {
        let paid: Paid
        let order: String
    }

    /// A payment without money, with an order at the vendor.
    func ordered(
        status: PaymentStatus = .pending, type: PaymentType = .appointment, knowsOrder: Bool = true
    ) async throws -> Ordered {
        let paid = try await plant(status: status, capture: nil, type: type)
        guard let gateway = context.gateway else { throw Problem.fault }
        let order = try await gateway.createOrder(amount: Money(minorUnits: 50_000), receipt: paid.transaction)
        try await database.write { db in
            _ = try db.run(
                """
                UPDATE payments SET order_id = \(knowsOrder ? order.id : nil), order_attempts = 1
                WHERE id = \(paid.id)
                """)
        }
        return Ordered(paid: paid, order: order.id)
    }
}

/// A purse with a stand-in of the vendor whose events reach nobody.
func withVendor(
    _ kind: DatabaseKind = .sqlite, _ body: @escaping @Sendable (Purse, StandInGateway) async throws -> Void
) async throws {
    try await withStandIn { gateway, account in
        try await withPurse(kind, account: account) { purse in try await body(purse, gateway) }
    }
}
