import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Razorpay
import Testing

@Suite("Client of Razorpay")
struct ClientTests {
    private static let order =
        #"{"id":"order_1","amount":100,"currency":"INR","receipt":"r","status":"created","notes":[]}"#
    private static let payment =
        #"{"id":"pay_1","amount":100,"currency":"INR","status":"captured","order_id":"order_1"}"#
    private static let refund =
        #"{"id":"rfnd_1","amount":100,"currency":"INR","payment_id":"pay_1","status":"pending","new":{"x":[1]}}"#

    private static func answer(_ status: Int, _ body: String, type: String = "application/json")
        -> ScriptedServer.Answer
    {
        .send("HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private static func refusal(_ status: Int, _ text: String) -> ScriptedServer.Answer {
        answer(status, #"{"error":{"code":"BAD_REQUEST_ERROR","description":"\#(text)","field":null,"metadata":[]}}"#)
    }

    private static let page = "<html><body>Bad gateway</body></html>"

    private func client(_ server: ScriptedServer, limit: Duration = .seconds(60)) -> RazorpayClient {
        RazorpayClient(account: account(server.address), limit: limit)
    }

    private func account(_ address: String) -> RazorpayAccount {
        RazorpayAccount(
            keyID: "rzp_test_1", keySecret: SecretBytes(Array("s".utf8)), webhookSecrets: [], baseURL: address + "/v1",
            checkoutScript: address)
    }

    private func failure<Value>(_ body: () async throws -> Value) async -> RazorpayFailure? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? RazorpayFailure }
    }

    @Test("an order leaves in paise, with its receipt, a capture by itself and the right authorization")
    func orderRequest() async throws {
        let server = try ScriptedServer(Self.answer(200, Self.order))
        let order = try await client(server).createOrder(
            amount: Money(minorUnits: 100), receipt: "r", notes: ["a": "b"])
        #expect(order.id == "order_1")
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v1/orders HTTP/1.1\r\n"))
        #expect(request.header("authorization") == "Basic " + Data("rzp_test_1:s".utf8).base64EncodedString())
        #expect(request.header("content-type") == "application/json")
        let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? NSDictionary)
        let options: NSDictionary = [
            "automatic_expiry_period": 12, "manual_expiry_period": 7_200, "refund_speed": "normal",
        ]
        #expect(
            body == [
                "amount": 100, "currency": "INR", "receipt": "r", "unique_receipt": true, "notes": ["a": "b"],
                "payment": ["capture": "automatic", "capture_options": options],
            ])
    }

    @Test("an order of another amount is none")
    func otherAmount() async throws {
        let server = try ScriptedServer(Self.answer(200, Self.order))
        let found = await failure {
            try await client(server).createOrder(amount: Money(minorUnits: 200), receipt: "r")
        }
        guard case .refused = found else { return #expect(Bool(false), "\(String(describing: found))") }
    }

    @Test("ids and receipts leave escaped")
    func escaping() async throws {
        let server = try ScriptedServer(Self.answer(200, #"{"entity":"collection","count":0,"items":[]}"#))
        _ = try await client(server).payments(ofOrder: "../x?y/é")
        _ = try await client(server).order(receipt: "a&b=c d")
        #expect(server.requests[0].head.hasPrefix("GET /v1/orders/%2E%2E%2Fx%3Fy%2F%C3%A9/payments HTTP/1.1\r\n"))
        #expect(server.requests[1].head.hasPrefix("GET /v1/orders?receipt=a%26b%3Dc%20d HTTP/1.1\r\n"))
    }

    @Test("a refund leaves with its key, and is repeated under it")
    func refundRequest() async throws {
        let server = try ScriptedServer(
            Self.answer(503, Self.page, type: "text/html"), .sendAndClose(""), Self.answer(200, Self.refund))
        let refund = try await client(server).refund("pay_1", amount: Money(minorUnits: 100), key: "refund-pay_1")
        #expect(refund.status == .pending && refund.paymentID == "pay_1")
        #expect(server.requests.map { $0.header("x-refund-idempotency") } == Array(repeating: "refund-pay_1", count: 3))
        #expect(server.requests.allSatisfy { $0.head.hasPrefix("POST /v1/payments/pay_1/refund ") })
    }

    @Test("the vendor's no is told with its reason, and not asked for again", arguments: [400, 401, 404])
    func refused(_ status: Int) async throws {
        let server = try ScriptedServer(Self.refusal(status, "The id provided does not exist"))
        let found = await failure { try await client(server).payment("pay_1") }
        #expect(
            found
                == .refused(status: status, code: "BAD_REQUEST_ERROR", text: "The id provided does not exist"))
        #expect(server.requests.count == 1)
    }

    @Test("a refund that the vendor still works on is unavailable; another one under its key is refused")
    func conflicts() async throws {
        let money = Money(minorUnits: 100)
        let busy = try ScriptedServer(Self.refusal(409, "Request is still in progress"))
        let first = await failure { try await client(busy).refund("pay_1", amount: money, key: "refund-pay_1") }
        #expect(first == .unavailable(mayHaveArrived: true))
        let other = try ScriptedServer(
            Self.refusal(409, "Different request body for the same key; a different request"))
        let second = await failure { try await client(other).refund("pay_1", amount: money, key: "refund-pay_1") }
        guard case .refused(status: 409, _, _) = second else {
            return #expect(Bool(false), "\(String(describing: second))")
        }
    }

    @Test("an answer that is no answer leaves open what became of the call", arguments: [200, 500, 502, 503])
    func pages(_ status: Int) async throws {
        let server = try ScriptedServer(Self.answer(status, Self.page, type: "text/html"))
        let found = await failure { try await client(server).capture("pay_1", amount: Money(minorUnits: 100)) }
        #expect(found == .unavailable(mayHaveArrived: true))
        #expect(server.requests.count == 1)
    }

    @Test("an answer that is cut off, empty or of another kind is unavailable")
    func broken() async throws {
        for answer in [
            ScriptedServer.Answer.sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\""),
            Self.answer(200, ""), Self.answer(200, "[]"), Self.answer(200, #"{"id":"pay_1"}"#),
            .sendAndClose("SSH-2.0\r\n\r\n"),
        ] {
            let found = await failure { try await client(ScriptedServer(answer)).payment("pay_1") }
            guard case .unavailable = found else { return #expect(Bool(false), "\(String(describing: found))") }
        }
    }

    @Test("a capture that may have arrived is not sent again; a refused one never arrived")
    func captureOnce() async throws {
        let money = Money(minorUnits: 100)
        let cutting = try ScriptedServer(.sendAndClose(""), Self.answer(200, Self.payment))
        #expect(
            await failure { try await client(cutting).capture("pay_1", amount: money) }
                == .unavailable(mayHaveArrived: true))
        #expect(cutting.requests.count == 1)
        let quota = try ScriptedServer(Self.refusal(429, "Too many requests"))
        #expect(
            await failure { try await client(quota).capture("pay_1", amount: money) }
                == .unavailable(mayHaveArrived: false))
        let nobody = RazorpayClient(account: account("http://127.0.0.1:1"))
        #expect(
            await failure { try await nobody.capture("pay_1", amount: money) } == .unavailable(mayHaveArrived: false))
    }

    @Test("a vendor that is silent, or slow with the rest, costs no more than the time that is given")
    func silence() async throws {
        let answers: [ScriptedServer.Answer] = [
            .sendAndHang(""), .sendAndHang("HTTP/1.1 200 OK\r\n"),
            .sendAndHang("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        ]
        for answer in answers {
            let server = try ScriptedServer(answer)
            let client = client(server, limit: .milliseconds(500))
            let start = ContinuousClock.now
            let found = await failure { try await client.payment("pay_1") }
            #expect(found == .unavailable(mayHaveArrived: true))
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
