import CareSyncCore
import CareSyncTesting
import Foundation
import Razorpay
import RazorpayStandIn
import Testing

/// What the stand-in does when it is told to misbehave, and what our client makes of it.
@Suite("A misbehaving Razorpay")
struct BehaviourTests {
    private static let money = Money(minorUnits: 10_000)

    private func failure<Value>(_ body: () async throws -> Value) async -> RazorpayFailure? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? RazorpayFailure }
    }

    private func captured(_ gateway: StandInGateway, _ client: RazorpayClient, receipt: String = "r") async throws
        -> String
    {
        try gateway.pay(try await client.createOrder(amount: Self.money, receipt: receipt).id).payment
    }

    @Test(
        "an order whose answer was lost is the same order the next time",
        arguments: [StandInBehaviour.Calls.reset, .html, .badGateway, .serverError, .tooMany])
    func lostOrder(_ calls: StandInBehaviour.Calls) async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            gateway.behaviour = StandInBehaviour(calls: calls, times: 1, takesEffect: true)
            // Some of it is repeated at once.
            _ = await failure { try await client.createOrder(amount: Self.money, receipt: "r") }
            let order = try await client.createOrder(amount: Self.money, receipt: "r")
            #expect(try await client.order(receipt: "r") == order)
            #expect(gateway.order(receipt: "r") == order.id)
            let other = await failure {
                try await client.createOrder(amount: Money(minorUnits: 20_000), receipt: "r")
            }
            guard case .refused(status: 400, _, _) = other else {
                return #expect(Bool(false), "\(String(describing: other))")
            }
        }
    }

    @Test("a refund whose answer was lost is one refund")
    func lostRefund() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            let payment = try await captured(gateway, client)
            gateway.behaviour = StandInBehaviour(calls: .badGateway, times: 2, takesEffect: true)
            _ = try await client.refund(payment, amount: Money(minorUnits: 4_000), key: "refund-key-1")
            gateway.behaviour = StandInBehaviour(calls: .reset, times: 1, takesEffect: true)
            let lost = await failure {
                try await client.refund(payment, amount: Money(minorUnits: 4_000), key: "refund-key-1")
            }
            #expect(lost == .unavailable(mayHaveArrived: true))
            let refund = try await client.refund(payment, amount: Money(minorUnits: 4_000), key: "refund-key-1")
            #expect(try await client.refunds(of: payment) == [refund])
            #expect(gateway.balance == 6_000)
        }
    }

    @Test("an authorised payment waits for its capture, which works once")
    func authorised() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            gateway.behaviour.capturesItself = false
            let payment = try await captured(gateway, client)
            #expect(try await client.payment(payment).status == .authorized)
            #expect(gateway.takeEvents().map(\.name) == ["payment.authorized"])
            let less = await failure { try await client.capture(payment, amount: Money(minorUnits: 9_999)) }
            #expect(less != nil)
            #expect(try await client.capture(payment, amount: Self.money).isPaid)
            let again = await failure { try await client.capture(payment, amount: Self.money) }
            guard case .refused(status: 400, "BAD_REQUEST_ERROR", _) = again else {
                return #expect(Bool(false), "\(String(describing: again))")
            }
            #expect(gateway.takeEvents().map(\.name) == ["payment.captured", "order.paid"])
        }
    }

    @Test("a payment that has failed can be taken late, while nothing else has paid the order")
    func late() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            let order = try await client.createOrder(amount: Self.money, receipt: "r")
            let first = try gateway.pay(order.id, .failed)
            #expect(try await client.order(order.id).status == .attempted)
            try gateway.resolve(first.payment, .captured)
            #expect(try await client.payment(first.payment).isPaid)
            #expect(throws: VendorRefusal.self) { try gateway.pay(order.id) }
            #expect(
                gateway.takeEvents().map(\.name) == [
                    "payment.failed", "payment.authorized", "payment.captured", "order.paid",
                ])
        }
    }

    @Test("a refund that fails gives the money back to the payment")
    func refunds() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            let payment = try await captured(gateway, client)
            gateway.behaviour.refunds = .pending
            let refund = try await client.refund(payment, amount: Self.money, key: "refund-key-1")
            #expect(refund.status == .pending)
            #expect(try await client.payment(payment).status == .refunded)
            try gateway.finish(refund: refund.id, .failed)
            #expect(try await client.refund(refund.id).status == .failed)
            #expect(try await client.payment(payment).amountRefunded == 0)
            #expect(gateway.balance == 10_000)
            #expect(gateway.takeEvents().map(\.name).suffix(2) == ["refund.created", "refund.failed"])
        }
    }

    @Test("events are lost, doubled and shuffled as it is told, and always signed")
    func events() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            _ = try await captured(gateway, client, receipt: "a")
            gateway.behaviour.events = .lose
            #expect(gateway.takeEvents().isEmpty)
            gateway.behaviour.events = .duplicate
            _ = try await captured(gateway, client, receipt: "b")
            let doubled = gateway.takeEvents()
            #expect(doubled.count == 6 && Set(doubled.map(\.id)).count == 3)
            gateway.behaviour.events = .reorder
            for number in 0..<20 { _ = try await captured(gateway, client, receipt: "c\(number)") }
            let shuffled = gateway.takeEvents()
            let names = (0..<20).flatMap { _ in ["payment.authorized", "payment.captured", "order.paid"] }
            #expect(shuffled.map(\.name) != names && shuffled.map(\.name).sorted() == names.sorted())
            #expect(shuffled.allSatisfy { account.signatures.isWebhookValid($0.signature, body: $0.body) })
            #expect(shuffled.allSatisfy { RazorpayEvent(body: Data($0.body))?.payment?.amount == 10_000 })
        }
    }

    @Test("old orders are forgotten with all that belongs to them")
    func bounded() async throws {
        try await withStandIn(StandInGateway(capacity: 3)) { gateway, account in
            let client = RazorpayClient(account: account)
            let payment = try await captured(gateway, client, receipt: "first")
            let refund = try await client.refund(payment, amount: Self.money, key: "refund-key-1")
            for number in 0..<3 { _ = try await client.createOrder(amount: Self.money, receipt: "\(number)") }
            #expect(try await client.order(receipt: "first") == nil)
            #expect(await failure { try await client.payment(payment) } != nil)
            #expect(await failure { try await client.refund(refund.id) } != nil)
            #expect(try await client.order(receipt: "0") != nil)
        }
    }
}
