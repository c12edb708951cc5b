import Foundation
import Razorpay
import Testing

@Suite("What Razorpay tells")
struct EntityTests {
    private static let event = """
        {"entity":"event","account_id":"acc_1","event":"order.paid","contains":["payment","order"],"payload":{
          "payment":{"entity":{"id":"pay_1","entity":"payment","amount":49950,"currency":"INR","status":"captured",
            "order_id":"order_1","invoice_id":null,"international":false,"method":"card","amount_refunded":0,
            "refund_status":null,"captured":true,"card_id":"card_1","card":{"last4":"1007","network":"Visa","x":[1]},
            "vpa":null,"notes":[],"fee":1179,"error_description":"","created_at":1790000100,"brand_new":{"a":1}}},
          "order":{"entity":{"id":"order_1","amount":49950,"amount_paid":49950,"currency":"INR",
            "receipt":"cs-pay-1","status":"paid","notes":{"bookingId":"77"}}}},"created_at":1790000105}
        """

    private func read(_ text: String) -> RazorpayEvent? { RazorpayEvent(body: Data(text.utf8)) }

    @Test("an event is read with its entities, and fields that are new do no harm")
    func reading() throws {
        let event = try #require(read(Self.event))
        #expect(event.name == "order.paid")
        #expect(event.payment?.id == "pay_1" && event.payment?.amount == 49_950 && event.payment?.isPaid == true)
        #expect(event.payment?.card?.last4 == "1007")
        #expect(event.order?.receipt == "cs-pay-1" && event.order?.status == .paid)
        #expect(event.refund == nil)
    }

    @Test("an entity in a state that nobody knows is left out; the event stays")
    func unknownState() throws {
        let event = try #require(read(Self.event.replacing("\"captured\",\n", with: "\"melted\",\n")))
        #expect(event.payment == nil)
        #expect(event.order?.id == "order_1")
    }

    @Test("amounts that are no whole paise are not read", arguments: ["499.5", "\"49950\"", "null", "1e30"])
    func amounts(_ amount: String) throws {
        let event = try #require(
            read(Self.event.replacing("\"amount\":49950,\"currency\"", with: "\"amount\":\(amount),\"currency\"")))
        #expect(event.payment == nil)
    }

    @Test(
        "what is no event is none", arguments: ["", "null", "[]", "{}", "{\"event\":1}", "<html>", "{\"event\":\"x\""])
    func noEvent(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test(
        "an event without anything in it is one",
        arguments: ["", ",\"payload\":{}", ",\"payload\":{\"payment\":[]}"])
    func emptyEvent(_ payload: String) throws {
        let event = try #require(read("{\"event\":\"payment.dispute.created\"\(payload)}"))
        #expect(event.payment == nil && event.order == nil && event.refund == nil)
    }

    @Test(
        "money that was taken stays taken in whatever state",
        arguments: [
            ("captured", "null", true), ("refunded", "null", true), ("authorized", "true", true),
            ("authorized", "false", false), ("failed", "null", false), ("created", "null", false),
        ])
    func paid(_ status: String, _ captured: String, _ isPaid: Bool) throws {
        let text = #"{"id":"pay_1","amount":100,"currency":"INR","status":"\#(status)","captured":\#(captured)}"#
        let payment = try JSONDecoder().decode(RazorpayPayment.self, from: Data(text.utf8))
        #expect(payment.isPaid == isPaid)
    }
}
