import CareSyncCore
import CareSyncTesting
import FeatureContract
import Foundation
import HTTPTypes
import Persistence
import Razorpay
import Testing

@Suite("Webhook")
struct WebhookTests {
    private static let captured = Vendor.event("payment.captured", Vendor.payment("pay_1", of: "order_1", "captured"))

    @Test("what is not signed is refused before anything of it is read")
    func refusals() async throws {
        try await withTill(vendor: try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            _ = try await till.begun()
            let good = Till.signature(Self.captured, Till.webhookSecret)
            let none = try await till.app.send(.post, Till.webhook, body: Self.captured)
            let refused = [
                none,
                try await till.tell(Self.captured, signature: ""),
                try await till.tell(Self.captured, signature: String(good.dropLast())),
                try await till.tell(Self.captured, signature: good.uppercased()),
                try await till.tell(Self.captured, signature: Till.signature(Self.captured, Till.keySecret)),
                try await till.tell(Self.captured + " ", signature: good),
                try await till.tell("", signature: Till.signature("", Till.webhookSecret)),
                try await till.tell("not json", signature: good),
            ]
            for answer in refused {
                #expect(answer.status == 401)
                #expect(answer.problemCode == "SIGNATURE_INVALID")
            }
            #expect(try await till.count("SELECT count(*) FROM payment_events") == 0)
        }
    }

    @Test("a body is taken byte for byte, odd white space and all scripts included")
    func bytes() async throws {
        try await withTill(vendor: try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let transaction = try await till.begun()
            let odd =
                "\r\n\t "
                + Self.captured.replacingOccurrences(
                    of: #""notes":[]"#, with: #""notes" :  {"ज़रूरी":"é\u00e9 😀"}"#) + "  \n"
            #expect(try await till.tell(odd, id: "e").status == 200)
            #expect(try await till.find(transaction)["paymentStatus"].string == "SUCCESS")
        }
    }

    @Test(
        "what is signed and does not fit is taken, kept for a person, and changes nothing",
        arguments: DatabaseKind.available,
        [
            (
                Vendor.event("payment.captured", Vendor.payment("pay_1", of: "order_1", "captured", 49_999)),
                "OTHER_AMOUNT"
            ),
            (
                Vendor.event("payment.captured", Vendor.payment("pay_1", of: "order_1", "captured", currency: "USD")),
                "OTHER_CURRENCY"
            ),
            (Vendor.event("payment.captured", Vendor.payment("pay_1", of: "order_9", "captured")), "UNKNOWN_ORDER"),
            (#"{"event":"payment.dispute.created","payload":{}}"#, "UNKNOWN_EVENT"),
            (#"{"event":"payment.captured","payload":{"payment":{"entity":{"id":5}}}}"#, "NOT_UNDERSTOOD"),
            ("[1,2", "NOT_UNDERSTOOD"),
            (#"{"event":"pay\u0000x"}"#, "NOT_UNDERSTOOD"),
            (
                Vendor.event("payment.captured", Vendor.payment("pay\\u0000", of: "order_1", "captured")),
                "NOT_UNDERSTOOD"
            ),
            (
                Vendor.event(
                    "payment.captured", Vendor.payment("pay_1", of: "order_1", "captured", 9_223_372_036_854_775_807)),
                "NOT_UNDERSTOOD"
            ),
        ])
    func review(_ kind: DatabaseKind, _ told: (event: String, reason: String)) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let transaction = try await till.begun()
            for _ in 0..<2 { #expect(try await till.tell(told.event).status == 200) }
            #expect(try await till.find(transaction)["paymentStatus"].string == "PENDING")
            #expect(
                try await till.texts("SELECT outcome || ' ' || reason FROM payment_events")
                    == ["REVIEW \(told.reason)"])
            #expect(try await till.count("SELECT count(*) FROM payment_captures WHERE state <> 'REVIEW'") == 0)
            // It is not lost either, nor does it stand in the way of what fits.
            try await till.tell(
                Vendor.event("payment.captured", Vendor.payment("pay_2", of: "order_1", "captured")))
            #expect(try await till.find(transaction)["paymentStatus"].string == "SUCCESS")
        }
    }

    @Test(
        "a second payment of one order goes back whole, once, and the patient is told",
        arguments: DatabaseKind.available)
    func twice(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let transaction = try await till.begun()
            for payment in ["pay_1", "pay_2", "pay_2"] {
                try await till.tell(
                    Vendor.event("payment.captured", Vendor.payment(payment, of: "order_1", "captured")))
            }
            #expect(try await till.find(transaction)["paymentStatus"].string == "SUCCESS")
            #expect(
                try await till.texts(
                    "SELECT gateway_payment_id || ' ' || state FROM payment_captures ORDER BY gateway_payment_id")
                    == ["pay_1 CONFIRMED", "pay_2 RETURNED"])
            #expect(try await till.texts("SELECT key FROM refunds") == ["refund-pay_2"])
            #expect(try await till.count("SELECT CAST(sum(amount) AS bigint) FROM refunds") == 50_000)
            #expect(
                try await till.count(
                    "SELECT count(*) FROM outbox WHERE kind = 'mail.send' AND key LIKE 'payment-returned %'")
                    == 1)
        }
    }

    @Test("every event three times in any order makes each credit once", arguments: DatabaseKind.available)
    func shuffled(_ kind: DatabaseKind) async throws {
        let count = TestLength.choose(short: 40, long: 3_000)
        let orders = (0..<count).map { Vendor.answer(Vendor.order("order_\($0)")) }
        try await withTill(kind, try ScriptedServer(orders)) { till in
            for _ in 0..<count { _ = try await till.begun() }
            var events = (0..<count).flatMap { number in
                ["payment.authorized", "payment.failed", "payment.captured", "order.paid"].map { name in
                    let status =
                        switch name {
                        case "payment.authorized": "authorized"
                        case "payment.failed": "failed"
                        default: "captured"
                        }
                    return (
                        "\(name)-\(number)",
                        Vendor.event(name, Vendor.payment("pay_\(number)", of: "order_\(number)", status))
                    )
                }
            }
            events += events + events
            var random = SystemRandomNumberGenerator()
            events.shuffle(using: &random)
            let queue = events
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<4 {
                    group.addTask {
                        for (id, event) in queue[(queue.count * part / 4)..<(queue.count * (part + 1) / 4)] {
                            let told = try await till.tell(event, id: id)
                            #expect(told.status == 200)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await till.count("SELECT count(*) FROM payments WHERE status = 'SUCCESS'") == count)
            #expect(try await till.count("SELECT count(*) FROM payment_events") == 4 * count)
            #expect(
                try await till.count(
                    "SELECT CAST(sum(amount) AS bigint) FROM payment_captures WHERE state = 'CONFIRMED'")
                    == 50_000 * count)
            #expect(try await till.count("SELECT count(*) FROM refunds") == 0)
        }
    }
}
