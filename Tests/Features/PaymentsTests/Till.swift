import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import HTTPTypes
import Persistence
import Testing

/// A clinic that is paid through a vendor whose answers are written down beforehand.
struct Till {
    let app: TestApp
    let vendor: ScriptedServer
    let patient: TestUser

    static let keySecret = "key-secret-of-the-tests"
    static let webhookSecret = "webhook-secret-of-the-tests"
    static let webhook = "/api/payments/webhook/razorpay"

    static func environment(_ vendor: ScriptedServer) -> [String: String] {
        [
            "CARESYNC_RAZORPAY_KEY_ID": "rzp_test_scripted", "CARESYNC_RAZORPAY_KEY_SECRET": keySecret,
            "CARESYNC_RAZORPAY_WEBHOOK_SECRET": webhookSecret,
            "CARESYNC_RAZORPAY_BASE_URL": "\(vendor.address)/v1",
        ]
    }

    func body(_ amount: String = "500", _ type: String = "CONSULTATION", _ more: String = "") -> String {
        """
        {"patientId":\(patient.id),"amount":\(amount),"paymentType":"\(type)","paymentMethod":"UPI"\
        \(more.isEmpty ? "" : ",\(more)")}
        """
    }

    func initiate(
        _ body: String? = nil, as user: TestUser? = nil, key: String? = nil
    ) async throws -> TestResponse {
        try await app.send(
            .post, "/api/payments/initiate", as: user ?? patient, headers: key.map { ["Idempotency-Key": $0] } ?? [:],
            body: body ?? self.body())
    }

    /// A payment that waits for its money; the name of its transaction.
    func begun(_ body: String? = nil) async throws -> String {
        let answer = try await initiate(body)
        return try #require(answer["transactionId"].string, "\(answer.text)")
    }

    func find(_ transaction: String, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.get("/api/payments/transaction/\(transaction)", as: user ?? patient)
    }

    static func signature(_ text: String, _ secret: String) -> String {
        Hex.text(KeyedHash(SecretBytes(Array(secret.utf8))).code(for: Array(text.utf8)))
    }

    /// Sends an event as the vendor does.
    @discardableResult
    func tell(_ text: String, id: String? = nil, signature: String? = nil) async throws -> TestResponse {
        var headers = ["X-Razorpay-Signature": signature ?? Self.signature(text, Self.webhookSecret)]
        headers["X-Razorpay-Event-Id"] = id
        return try await app.send(.post, Self.webhook, headers: headers, body: text)
    }

    func count(_ sql: SQL) async throws -> Int {
        try await app.database.read { db in try db.value(sql) ?? 0 }
    }

    func texts(_ sql: SQL) async throws -> [String] {
        try await app.database.read { db in try db.values(sql) }
    }
}

/// What the vendor answers and tells.
enum Vendor {
    static func answer(_ text: String, status: String = "200 OK") -> ScriptedServer.Answer {
        .send(
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
    }

    static func order(_ id: String, _ amount: Int = 50_000, receipt: String = "x") -> String {
        """
        {"id":"\(id)","entity":"order","amount":\(amount),"currency":"INR","receipt":"\(receipt)","status":"created",\
        "notes":[]}
        """
    }

    static func payment(
        _ id: String, of order: String, _ status: String, _ amount: Int = 50_000, currency: String = "INR"
    ) -> String {
        """
        {"id":"\(id)","entity":"payment","amount":\(amount),"currency":"\(currency)","status":"\(status)",\
        "order_id":"\(order)","captured":\(status == "captured"),"method":"upi","amount_refunded":0,"notes":[]}
        """
    }

    static func event(_ name: String, _ payment: String) -> String {
        #"{"entity":"event","event":"\#(name)","contains":["payment"],"payload":{"payment":{"entity":\#(payment)}}}"#
    }

    static let refusal = answer(
        #"{"error":{"code":"BAD_REQUEST_ERROR","description":"no"}}"#, status: "400 Bad Request")
    static let down = answer("<html>Bad gateway</html>", status: "502 Bad Gateway")
}

func withTill(
    _ kind: DatabaseKind = .sqlite, _ vendor: ScriptedServer, _ body: @escaping @Sendable (Till) async throws -> Void
) async throws {
    try await withApp(kind, environment: Till.environment(vendor)) { app in
        try await body(Till(app: app, vendor: vendor, patient: try await app.registerPatient()))
    }
}
