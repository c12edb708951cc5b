import CareSyncCore
import CareSyncTesting
import Razorpay
import RazorpayStandIn
import Testing

/// Our client against the stand-in, over HTTP.
@Suite("Client and stand-in of Razorpay")
struct StandInTests {
    @Test("an order is made once for a receipt, found by it, paid, and its payment is signed and told")
    func orderAndPay() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account)
            let order = try await client.createOrder(amount: Money(minorUnits: 49_950), receipt: "cs-1")
            #expect(order.amount == 49_950 && order.status == .created && order.receipt == "cs-1")
            #expect(try await client.createOrder(amount: Money(minorUnits: 49_950), receipt: "cs-1") == order)
            #expect(try await client.order(receipt: "cs-1") == order)
            #expect(try await client.order(receipt: "cs-2") == nil)
            let receipt = try gateway.pay(order.id)
            #expect(
                account.signatures.isCheckoutValid(
                    order: order.id, payment: receipt.payment, signature: receipt.signature))
            let payment = try await client.payment(receipt.payment)
            #expect(payment.isPaid && payment.amount == 49_950 && payment.orderID == order.id)
            #expect(try await client.order(order.id).status == .paid)
            #expect(try await client.payments(ofOrder: order.id).map(\.id) == [receipt.payment])
            let events = gateway.takeEvents()
            #expect(events.map(\.name) == ["payment.authorized", "payment.captured", "order.paid"])
            #expect(events.allSatisfy { account.signatures.isWebhookValid($0.signature, body: $0.body) })
        }
    }
}
