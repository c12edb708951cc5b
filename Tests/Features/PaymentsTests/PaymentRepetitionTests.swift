import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Repeated payments")
struct PaymentRepetitionTests {
    @Test(
        "the same key gives the same answer and one order; another body is refused", arguments: DatabaseKind.available)
    func repeated(_ kind: DatabaseKind) async throws {
        let vendor = try ScriptedServer(
            Vendor.answer(Vendor.order("order_1")), Vendor.answer(Vendor.order("order_2")))
        try await withTill(kind, vendor) { till in
            let first = try await till.initiate(key: "k-1")
            #expect(first.status == 200)
            #expect(try await till.initiate(key: "k-1").text == first.text)
            let reused = try await till.initiate(till.body("501"), key: "k-1")
            #expect(reused.status == 422)
            #expect(vendor.requests.count == 1)
            #expect(try await till.count("SELECT count(*) FROM payments") == 1)
            #expect(try await till.initiate(key: "k-2")["razorpayOrderId"].string == "order_2")
        }
    }

    @Test("a refusal is kept under its key; that the vendor is down is not", arguments: DatabaseKind.available)
    func refusals(_ kind: DatabaseKind) async throws {
        let vendor = try ScriptedServer(
            Vendor.down, Vendor.down, Vendor.down, Vendor.down, Vendor.answer(#"{"items":[]}"#),
            Vendor.answer(Vendor.order("order_1")))
        try await withTill(kind, vendor) { till in
            let wallet = till.body().replacingOccurrences(of: #""UPI""#, with: #""WALLET""#)
            let refused = try await till.initiate(wallet, key: "k-1")
            #expect(refused.status == 400)
            #expect(try await till.initiate(wallet, key: "k-1")["requestId"].string == refused["requestId"].string)
            var answers = [try await till.initiate(key: "k-2")]
            #expect(answers[0].status == 424)
            while let last = answers.last, last.status == 424, answers.count < 6 {
                answers.append(try await till.initiate(key: "k-2"))
            }
            #expect(answers.last?.status == 200)
            #expect(answers.last?["razorpayOrderId"].string == "order_1")
            #expect(try await till.count("SELECT count(*) FROM payments") == 1)
            let looks = vendor.requests.filter { $0.head.hasPrefix("GET /v1/orders?receipt=TXN_") }
            #expect(!looks.isEmpty, "a second attempt looks for the first one's order")
        }
    }

    @Test("a crash between the order and its answer is gone on with", arguments: DatabaseKind.available)
    func crash(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let first = try await till.initiate(key: "k-1")
            // As if the process had ended after the vendor answered.
            try await till.app.database.write { db in _ = try db.run("DELETE FROM idempotency_keys") }
            let other = try await till.initiate(till.body("501"), key: "k-1")
            #expect(other.status == 422)
            let again = try await till.initiate(key: "k-1")
            #expect(again["transactionId"].string == first["transactionId"].string)
            #expect(again["razorpayOrderId"].string == "order_1")
            #expect(till.vendor.requests.count == 1)
            #expect(try await till.count("SELECT count(*) FROM payments") == 1)
        }
    }
}
