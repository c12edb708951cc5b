import CareSyncCore
import CareSyncTesting
import Cryptography
import HTTPTypes
import Persistence

/// A laboratory that is paid through a vendor whose answers are written down beforehand.
struct PaidLab {
    let lab: Lab
    let vendor: ScriptedServer

    private static let webhookSecret = "webhook-secret-of-the-tests"

    static func environment(_ vendor: ScriptedServer) -> [String: String] {
        [
            "CARESYNC_RAZORPAY_KEY_ID": "rzp_test_scripted", "CARESYNC_RAZORPAY_KEY_SECRET": "key-secret",
            "CARESYNC_RAZORPAY_WEBHOOK_SECRET": webhookSecret, "CARESYNC_RAZORPAY_BASE_URL": "\(vendor.address)/v1",
        ]
    }

    static func order(_ id: String, paise: Int = 75_050) -> ScriptedServer.Answer {
        answer(
            """
            {"id":"\(id)","entity":"order","amount":\(paise),"currency":"INR","receipt":"x","status":"created"}
            """)
    }

    static let refusal = answer(
        #"{"error":{"code":"BAD_REQUEST_ERROR","description":"no"}}"#, status: "400 Bad Request")

    private static func answer(_ text: String, status: String = "200 OK") -> ScriptedServer.Answer {
        .send(
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
    }

    func payment(_ amount: String = Lab.both, _ more: String = "") -> String {
        """
        {"patientId":\(lab.patient.id),"amount":\(amount),"paymentType":"LAB_TEST","paymentMethod":"UPI",\
        "currency":"INR"\(more)}
        """
    }

    func body(_ booking: String? = nil, _ payment: String? = nil, _ more: String = "") -> String {
        #"{"bookingRequest":\#(booking ?? lab.body()),"paymentRequest":\#(payment ?? self.payment())\#(more)}"#
    }

    func book(_ body: String? = nil, key: String? = nil, as user: TestUser? = nil) async throws -> TestResponse {
        try await lab.app.send(
            .post, "/api/bookings/patient/with-payment", as: user ?? lab.patient,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:], body: body ?? self.body())
    }

    /// The money of an order comes.
    func capture(_ order: String, paise: Int = 75_050) async throws -> TestResponse {
        let text = """
            {"entity":"event","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":\
            {"id":"pay_of_\(order)","entity":"payment","amount":\(paise),"currency":"INR","status":"captured",\
            "order_id":"\(order)","captured":true,"method":"upi","amount_refunded":0}}}}
            """
        let code = KeyedHash(SecretBytes(Array(Self.webhookSecret.utf8))).code(for: Array(text.utf8))
        return try await lab.app.send(
            .post, "/api/payments/webhook/razorpay",
            headers: ["X-Razorpay-Signature": Hex.text(code), "X-Razorpay-Event-Id": "event-of-\(order)"], body: text)
    }

    /// A captured payment that belongs to nothing; the name of its transaction.
    func loosePayment(_ order: String) async throws -> String {
        let begun = try await lab.app.send(.post, "/api/payments/initiate", as: lab.patient, body: payment())
        guard let transaction = begun["transactionId"].string else { return begun.text }
        let captured = try await capture(order)
        return captured.status == 200 ? transaction : captured.text
    }

    func count(_ sql: SQL) async throws -> Int {
        try await lab.app.database.read { db in try db.value(sql) ?? 0 }
    }
}

func withPaidLab(
    _ kind: DatabaseKind, _ answers: [ScriptedServer.Answer],
    _ body: @escaping @Sendable (PaidLab) async throws -> Void
) async throws {
    let vendor = try ScriptedServer(answers)
    try await withLab(kind, environment: PaidLab.environment(vendor)) { lab in
        try await body(PaidLab(lab: lab, vendor: vendor))
    }
}
