import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Payments
@testable import Razorpay

/// The calls that ask the vendor to give money back.
@Suite("Calls for refunds")
struct RefundCallTests {
    private static let key = "refund-key-1"

    @Test("a refund is asked for under its key, and its answer is kept", arguments: DatabaseKind.available)
    func plain(kind: DatabaseKind) async throws {
        let server = try ScriptedServer(VendorAnswers.refund("rfnd_1", 500, of: "pay_Test1", "pending"))
        try await withPurse(kind, vendor: server.address) { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid)
            #expect(try await purse.payment(paid).refundStatus == .pending)
            try await purse.callVendor()
            #expect(try await purse.payment(paid).refundStatus == .processing)
            #expect(try await purse.refunds(of: paid).first?.gatewayRefundID == "rfnd_1")
            try await purse.tell("rfnd_1", 500, of: paid, .processed)
            #expect(try await purse.payment(paid).status == .refunded)
        }
        #expect(server.requests.count == 1)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v1/payments/pay_Test1/refund "))
        #expect(request.header("X-Refund-Idempotency") == Self.key)
    }

    @Test("what the vendor leaves unanswered is asked again under the same key until it is answered once")
    func repeated() async throws {
        let server = try ScriptedServer(
            VendorAnswers.html, .sendAndClose(""), VendorAnswers.refusal("Request is in progress", status: 409),
            VendorAnswers.refusal("Authentication failed", status: 401),
            VendorAnswers.refund("rfnd_1", 500, of: "pay_Test1", "processed")
        )
        try await withPurse(vendor: server.address) { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid)
            for _ in 0..<6 {
                try await purse.callVendor()
                purse.app.time.advance(by: .minutes(1))
            }
            #expect(try await purse.payment(paid).status == .refunded)
            #expect(try await purse.refunds(of: paid).count == 1)
            #expect(try await purse.balance().isEven)
        }
        #expect(server.requests.count >= 5)
        #expect(server.requests.allSatisfy { $0.header("X-Refund-Idempotency") == Self.key })
    }

    @Test("a refusal for good is a failed refund that a person sees")
    func refused() async throws {
        let server = try ScriptedServer(
            VendorAnswers.refusal("Your account has not enough balance"), VendorAnswers.list())
        try await withPurse(vendor: server.address) { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid)
            try await purse.callVendor()
            #expect(try await purse.payment(paid).refundStatus == .failed)
            #expect(try await purse.review().map(\.transactionID) == [paid.transaction])
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("a refusal because the money went back already is a refund")
    func refusedAsDone() async throws {
        let server = try ScriptedServer(
            VendorAnswers.refusal("The payment has been fully refunded already"),
            VendorAnswers.list(VendorAnswers.refundBody("rfnd_9", 500, of: "pay_Test1", "processed")))
        try await withPurse(vendor: server.address) { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid)
            try await purse.callVendor()
            #expect(try await purse.payment(paid).status == .refunded)
            #expect(try await purse.refunds(of: paid).map(\.gatewayRefundID) == ["rfnd_9"])
        }
    }

    @Test("money that was entered by hand is never asked of the vendor")
    func byHand() async throws {
        let server = try ScriptedServer(VendorAnswers.html)
        try await withPurse(vendor: server.address) { purse in
            let paid = try await purse.plant(manual: true)
            _ = try await purse.request(500, of: paid)
            try await purse.callVendor()
            #expect(try await purse.review().map(\.kind) == [.refundByHand])
        }
        #expect(server.requests.isEmpty)
    }
}
