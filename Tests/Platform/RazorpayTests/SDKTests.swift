import CareSyncCore
import CareSyncTesting
import Razorpay
import RazorpayStandIn
import Testing

@Suite("The stand-in, seen by Razorpay's own package")
struct SDKTests {
    private static let refusals = [
        "signature": "Razorpay Signature Verification Failed",
        "refund before capture": "The payment status should be captured for action to be taken",
        "capture of less": "Capture amount must be equal to the amount authorized",
        "capture again": "This payment has already been captured",
        "other refund under the key": "A different request with the same idempotency key has been made.",
        "refund of more": "The refund amount provided is greater than amount captured",
        "refund below a rupee": "The amount must be at least INR 1.00",
        "refund with more fields": "reason is/are not required and should not be sent",
        "short key": "The idempotency key is invalid.",
        "refund again": "The payment has been fully refunded already",
        "unknown order": "The id provided does not exist", "unknown payment": "The id provided does not exist",
        "small order": "The amount must be at least INR 1.00", "order in dollars": "The currency is not supported",
        "wrong secret": "Authentication failed", "changed event": "Razorpay Signature Verification Failed",
    ]

    @Test("orders, captures, refunds, refusals and signatures are what the package expects")
    func shop() async throws {
        try await withStandIn { gateway, account in
            // Events of a purchase that our own side has made, to be checked by the package.
            let order = try await RazorpayClient(account: account).createOrder(
                amount: Money(minorUnits: 49_950), receipt: "own")
            try gateway.pay(order.id, .failed, by: .card)
            try gateway.pay(order.id)
            let events = gateway.takeEvents()
            let report = try await RazorpaySDK.report(on: account, events: events)

            #expect(report["order.amount"].int == 49_950 && report["order.amount_due"].int == 49_950)
            #expect(report["order.status"].string == "created" && report["order.notes.bookingId"].string == "77")
            for name in ["sameOrder", "found", "isSigned", "attempts", "sameRefund", "refunds"] {
                #expect(report[name].bool == true, "\(name)")
            }
            #expect(report["captured.status"].string == "captured" && report["captured.card.last4"].string == "1007")
            #expect(report["orderStatus"].string == "paid")
            #expect(report["refund.amount"].int == 10_000 && report["refund.speed_requested"].string == "normal")
            #expect(report["rest"].int == 39_950)
            #expect(report["payment.status"].string == "refunded" && report["payment.refund_status"].string == "full")
            #expect(report["events"].list.map(\.bool) == Array(repeating: true, count: events.count))
            for (name, text) in Self.refusals { #expect(report["refusals"][name].string == text, "\(name)") }
            #expect(
                gateway.takeEvents().map(\.name) == [
                    "payment.authorized", "payment.captured", "order.paid", "refund.created", "refund.processed",
                    "refund.created", "refund.processed",
                ])
        }
    }
}
