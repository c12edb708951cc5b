import CareSyncCore
import CareSyncTesting
import FeatureContract
import HTTPTypes
import Persistence
import Razorpay
import Testing

@Suite("Paying")
struct PaymentFlowTests {
    @Test(
        "an order is made, and the captured payment succeeds once however often it is told",
        arguments: DatabaseKind.available)
    func webhook(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let begun = try await till.initiate()
            #expect(begun.status == 200)
            #expect(begun["paymentStatus"].string == "PENDING")
            #expect(begun["razorpayOrderId"].string == "order_1")
            #expect(begun["razorpayKeyId"].string == "rzp_test_scripted")
            #expect(begun["paymentType"].string == "CONSULTATION")
            #expect(begun["patientName"].string == "Asha Verma")
            let transaction = try #require(begun["transactionId"].string)
            #expect(transaction.wholeMatch(of: /TXN_[0-9]{13}_[0-9A-F]{8}/) != nil)
            let sent = try #require(till.vendor.requests.first)
            #expect(sent.head.hasPrefix("POST /v1/orders "))
            #expect(String(decoding: sent.body, as: UTF8.self).contains(transaction))

            let event = Vendor.event("payment.captured", Vendor.payment("pay_1", of: "order_1", "captured"))
            for id in ["evt_1", "evt_1", "evt_2"] {
                let told = try await till.tell(event, id: id)
                #expect(told.status == 200)
                #expect(told["status"].string == "success")
            }
            let paid = try await till.find(transaction)
            #expect(paid["paymentStatus"].string == "SUCCESS")
            #expect(paid["paymentCompletedAt"].string == "2026-03-10T08:00:00")
            #expect(paid["razorpayOrderId"].isNull)
            #expect(paid["paymentGatewayTransactionId"].string == "order_1")
            #expect(try await till.count("SELECT count(*) FROM payment_captures") == 1)
            #expect(
                try await till.texts("SELECT outcome FROM payment_events ORDER BY event_id") == ["APPLIED", "IGNORED"])
            #expect(till.vendor.requests.count == 1, "a webhook calls nobody")
        }
    }

    @Test("the checkout's signature is checked, and the payment is asked for", arguments: DatabaseKind.available)
    func verify(_ kind: DatabaseKind) async throws {
        let vendor = try ScriptedServer(
            Vendor.answer(Vendor.order("order_1")), Vendor.answer(Vendor.payment("pay_1", of: "order_1", "captured")))
        try await withTill(kind, vendor) { till in
            let transaction = try await till.begun()
            func verify(_ order: String, _ payment: String, _ signature: String, as user: TestUser? = nil) async throws
                -> TestResponse
            {
                try await till.app.post(
                    "/api/payments/verify/\(transaction)", as: user ?? till.patient,
                    json: [
                        "razorpay_order_id": order, "razorpay_payment_id": payment, "razorpay_signature": signature,
                    ])
            }
            let good = Till.signature("order_1|pay_1", Till.keySecret)
            let other = try await till.app.registerPatient()
            #expect(try await verify("order_1", "pay_1", good, as: other).status == 404)
            for (order, payment, signature) in [
                ("order_1", "pay_2", good), ("order_2", "pay_1", good), ("order_1", "pay_1", ""),
                ("order_1", "pay_1", Till.signature("order_1|pay_1", Till.webhookSecret)),
                ("order_2", "pay_1", Till.signature("order_2|pay_1", Till.keySecret)),
            ] {
                let refused = try await verify(order, payment, signature)
                #expect(refused.status == 400)
                #expect(refused.problemCode == "SIGNATURE_INVALID")
            }
            let half = try await till.app.post(
                "/api/payments/verify/\(transaction)", as: till.patient, json: ["razorpay_order_id": "order_1"])
            #expect(half.status == 400)
            #expect(half.fieldErrors == ["razorpay_payment_id", "razorpay_signature"])
            #expect(vendor.requests.count == 1)
            for _ in 0..<2 {
                let paid = try await verify("order_1", "pay_1", good)
                #expect(paid.status == 200, "\(paid.text)")
                #expect(paid["paymentStatus"].string == "SUCCESS")
            }
            #expect(try await till.count("SELECT count(*) FROM payment_captures") == 1)
        }
    }

    @Test("without the checkout's values every attempt is asked for; a page instead of an answer is 424")
    func ask() async throws {
        let failed = Vendor.payment("pay_1", of: "order_1", "failed")
        let captured = Vendor.payment("pay_2", of: "order_1", "captured")
        let vendor = try ScriptedServer(
            Vendor.answer(Vendor.order("order_1")), Vendor.answer("<html>maintenance</html>"),
            Vendor.answer(#"{"items":[\#(failed)]}"#), Vendor.answer(#"{"items":[\#(failed),\#(captured)]}"#))
        try await withTill(vendor: vendor) { till in
            let transaction = try await till.begun()
            let path = "/api/payments/verify/\(transaction)"
            let down = try await till.app.send(.post, path, as: till.patient)
            #expect(down.status == 424)
            #expect(down.problemCode == "GATEWAY_UNAVAILABLE")
            #expect(try await till.app.send(.post, path, as: till.patient)["paymentStatus"].string == "FAILED")
            let alias = try await till.app.send(.post, "/api/payments/\(transaction)/verify", as: till.patient)
            #expect(alias["paymentStatus"].string == "SUCCESS")
            #expect(alias["failureReason"].isNull)
        }
    }

    @Test("an authorised payment is captured by us when the vendor does not", arguments: DatabaseKind.available)
    func authorized(_ kind: DatabaseKind) async throws {
        let vendor = try ScriptedServer(
            Vendor.answer(Vendor.order("order_1")), Vendor.refusal,
            Vendor.answer(Vendor.payment("pay_1", of: "order_1", "captured")))
        try await withTill(kind, vendor) { till in
            let transaction = try await till.begun()
            try await till.tell(
                Vendor.event("payment.authorized", Vendor.payment("pay_1", of: "order_1", "authorized")), id: "e1")
            #expect(try await till.find(transaction)["paymentStatus"].string == "PROCESSING")
            // A late failure of another attempt undoes nothing.
            try await till.tell(
                Vendor.event("payment.failed", Vendor.payment("pay_0", of: "order_1", "failed")), id: "e2")
            #expect(try await till.find(transaction)["paymentStatus"].string == "PROCESSING")
            // The vendor says that it was captured already; we look, and it was.
            try await till.app.runDueWork()
            #expect(try await till.find(transaction)["paymentStatus"].string == "SUCCESS")
            #expect(vendor.requests.last?.head.hasPrefix("GET /v1/payments/pay_1 ") == true)
        }
    }

    @Test("a payment is cancelled once, and late money still counts", arguments: DatabaseKind.available)
    func cancel(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let transaction = try await till.begun()
            let other = try await till.app.registerPatient()
            let path = "/api/payments/cancel/\(transaction)"
            #expect(try await till.app.send(.post, path, as: other).status == 404)
            let cancelled = try await till.app.send(.post, path, as: till.patient)
            #expect(cancelled.status == 200)
            #expect(cancelled.json.keys == ["message", "status", "transactionId"])
            let again = try await till.app.send(
                .post, "/api/payments/\(transaction)/cancel", as: till.patient, body: "{}")
            #expect(again.status == 409)
            #expect(again.problemCode == "ILLEGAL_TRANSITION")
            #expect(try await till.find(transaction)["paymentStatus"].string == "CANCELLED")
            try await till.tell(
                Vendor.event("order.paid", Vendor.payment("pay_1", of: "order_1", "captured")), id: "e")
            #expect(try await till.find(transaction)["paymentStatus"].string == "SUCCESS")
        }
    }

    @Test("an appointment that costs nothing is paid at once, and the vendor hears nothing")
    func free() async throws {
        try await withTill(vendor: try ScriptedServer(Vendor.down)) { till in
            let free = try await till.initiate(till.body("0", "APPOINTMENT"))
            #expect(free.status == 200)
            #expect(free["paymentStatus"].string == "SUCCESS")
            #expect(free["razorpayOrderId"].isNull)
            #expect(till.vendor.requests.isEmpty)
        }
    }
}

func withTill(
    vendor: ScriptedServer, _ body: @escaping @Sendable (Till) async throws -> Void
) async throws {
    try await withTill(.sqlite, vendor, body)
}
