import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Payments

/// The routes by which administrators give money back and compare with the vendor.
@Suite("Routes of refunds")
struct RefundRouteTests {
    private func refund(
        _ paid: Purse.Paid, _ body: String, as user: TestUser, key: String? = nil, _ purse: Purse
    ) async throws -> TestResponse {
        try await purse.app.send(
            .post, "/api/payments/\(paid.transaction)/refund", as: user,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:], body: body)
    }

    @Test("an administrator gives back a part, then the rest, and never more", arguments: DatabaseKind.available)
    func parts(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let admin = try await purse.app.admin()
            let paid = try await purse.plant()
            let part = try await refund(paid, #"{"amount":200,"reason":"broken"}"#, as: admin, key: "one", purse)
            #expect(part.status == 200, "\(part.text)")
            #expect(part["refundStatus"].string == "REFUND_PENDING" && part["paymentStatus"].string == "SUCCESS")
            let again = try await refund(paid, #"{"amount":200,"reason":"broken"}"#, as: admin, key: "one", purse)
            #expect(again.bytes == part.bytes)
            let other = try await refund(paid, #"{"amount":201,"reason":"broken"}"#, as: admin, key: "one", purse)
            #expect(other.status == 422)
            let tooMuch = try await refund(paid, #"{"amount":300.01,"reason":"broken"}"#, as: admin, purse)
            #expect(tooMuch.status == 409 && tooMuch.problemCode == "REFUND_EXCEEDS_PAYMENT")
            #expect(tooMuch.fieldErrors == ["amount"])
            #expect(try await refund(paid, #"{"reason":"rest"}"#, as: admin, purse).status == 200)
            let nothing = try await refund(paid, #"{"reason":"rest"}"#, as: admin, purse)
            #expect(nothing.status == 409 && nothing.problemCode == "NOTHING_TO_REFUND")
            #expect(try await purse.refunds(of: paid).map(\.amount.minorUnits) == [20_000, 30_000])
            let rows: [String] = try await purse.database.read { db in
                try db.values("SELECT reason FROM audit_log WHERE entity = 'payments' AND action = 'ADMIN_ACTION'")
            }
            #expect(rows == ["REFUND_REQUESTED", "REFUND_REQUESTED"])
        }
    }

    @Test("bad refunds are refused with the field that is wrong")
    func refused() async throws {
        try await withPurse { purse in
            let admin = try await purse.app.admin()
            let paid = try await purse.plant()
            let bodies = [
                (#"{"amount":0,"reason":"x"}"#, "amount"), (#"{"amount":-5,"reason":"x"}"#, "amount"),
                (#"{"amount":0.99,"reason":"x"}"#, "amount"), (#"{"amount":1.005,"reason":"x"}"#, "amount"),
                (#"{"amount":9223372036854775807,"reason":"x"}"#, "amount"), (#"{"amount":5}"#, "reason"),
                (#"{"amount":5,"reason":" "}"#, "reason"),
            ]
            for (body, field) in bodies {
                let answer = try await refund(paid, body, as: admin, purse)
                #expect(answer.status == 400 && answer.fieldErrors == [field], "\(body): \(answer.text)")
            }
            let unknown = Purse.Paid(id: paid.id, transaction: "TXN_1_00000000", gatewayPayment: "")
            let missing = try await refund(unknown, #"{"reason":"x"}"#, as: admin, purse)
            #expect(missing.status == 404 && missing.problemCode == "PAYMENT_NOT_FOUND")
            #expect(try await refund(paid, #"{"reason":"x"}"#, as: purse.patient, purse).status == 403)
            #expect(try await purse.app.send(.post, "/api/payments/reconcile", as: purse.patient).status == 403)
            #expect(try await purse.refunds(of: paid).isEmpty)
            let unpaid = try await purse.plant(status: .pending, capture: nil)
            #expect(try await refund(unpaid, #"{"reason":"x"}"#, as: admin, purse).status == 409)
        }
    }

    @Test("money that came by hand goes back by hand at once")
    func byHand() async throws {
        try await withPurse { purse in
            let admin = try await purse.app.admin()
            let paid = try await purse.plant(manual: true)
            let part = try await refund(paid, #"{"amount":100,"reason":"x"}"#, as: admin, purse)
            #expect(part["paymentStatus"].string == "PARTIAL_REFUND" && part["refundStatus"].string == "REFUNDED")
            let rest = try await refund(paid, #"{"reason":"x"}"#, as: admin, purse)
            #expect(rest["paymentStatus"].string == "REFUNDED" && rest["refundedAmount"].double == 500)
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("the reason is sealed")
    func sealed() async throws {
        try await withPurse { purse in
            let paid = try await purse.plant()
            _ = try await refund(paid, #"{"reason":"kumquat"}"#, as: try await purse.app.admin(), purse)
            let note: [UInt8]? = try await purse.database.read { db in try db.value("SELECT note FROM refunds") }
            #expect(try #require(note).firstRange(of: Array("kumquat".utf8)) == nil)
        }
    }
}
