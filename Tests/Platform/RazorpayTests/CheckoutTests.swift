import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPClient
import NIOCore
import Razorpay
import RazorpayStandIn
import Testing

/// The page on which a person pays, as a browser without JavaScript sees it.
@Suite("Checkout of the stand-in")
struct CheckoutTests {
    private struct Page {
        let status: Int
        let text: String
    }

    private func page(_ address: String, form: String? = nil) async throws -> Page {
        let answer = try await WebClient().send(
            WebRequest(form == nil ? .get : .post, address, body: form.map { .bytes(Array($0.utf8)) } ?? .none),
            within: .seconds(60))
        return Page(status: answer.status, text: String(buffer: try await answer.collect(upTo: 1 << 20)))
    }

    /// The address of a new order's page.
    private func order(
        _ account: RazorpayAccount, query: String = ""
    ) async throws -> (id: String, address: String) {
        let order = try await RazorpayClient(account: account).createOrder(
            amount: Money(minorUnits: 12_305), receipt: "r")
        let origin = account.baseURL.dropLast("/v1".count)
        return (order.id, "\(origin)/checkout/\(order.id)?key=\(account.keyID)\(query)")
    }

    /// What a hidden field of the page has.
    private func field(_ name: String, in page: Page) -> String? {
        page.text.firstRange(of: "name=\"\(name)\" value=\"").map { start in
            String(page.text[start.upperBound...].prefix { $0 != "\"" })
        }
    }

    @Test("a person sees the amount and that no money moves, pays, and leads a valid signature back to the shop")
    func paying() async throws {
        try await withStandIn { gateway, account in
            let (id, address) = try await order(account, query: "&callback_url=http%3A%2F%2Fclinic.example%2Fback")
            let before = try await page(address)
            #expect(before.status == 200)
            #expect(before.text.contains("₹123.05") && before.text.contains("No money moves"))
            let after = try await page(address, form: "action=captured&method=card")
            #expect(after.text.contains("action=\"http://clinic.example/back\""))
            let payment = try #require(field("razorpay_payment_id", in: after))
            let signature = try #require(field("razorpay_signature", in: after))
            #expect(field("razorpay_order_id", in: after) == id)
            #expect(account.signatures.isCheckoutValid(order: id, payment: payment, signature: signature))
            #expect(try await RazorpayClient(account: account).payment(payment).card?.last4 == "1007")
            #expect(try await page(address).text.contains("This order is paid"))
        }
    }

    @Test("a person can fail, try again, and give up; nothing is paid")
    func failing() async throws {
        try await withStandIn { gateway, account in
            let (id, address) = try await order(account)
            #expect(try await page(address, form: "action=failed&method=upi").text.contains("Try again"))
            #expect(try await page(address, form: "action=abandon").text.contains("Nothing was paid"))
            #expect(gateway.takeEvents().map(\.name) == ["payment.failed"])
            #expect(gateway.balance == 0)
            #expect(try await RazorpayClient(account: account).order(id).status == .attempted)
        }
    }

    @Test("what the shop says is shown as text, and only web addresses lead back")
    func escaping() async throws {
        try await withStandIn { _, account in
            let (_, address) = try await order(
                account, query: "&name=%3Cscript%3E%22&callback_url=javascript%3Aalert(1)")
            let before = try await page(address)
            #expect(before.text.contains("&lt;script&gt;&quot;") && !before.text.contains("<script>\""))
            #expect(!(try await page(address, form: "action=captured").text.contains("javascript:")))
        }
    }

    @Test("another key, no key and an unknown order are refused")
    func refused() async throws {
        try await withStandIn { _, account in
            let (_, address) = try await order(account)
            for wrong in [
                address + "x", String(address.prefix { $0 != "?" }),
                address.replacing("/checkout/order_", with: "/checkout/order_x"),
            ] {
                #expect(try await page(wrong).status == 400)
            }
        }
    }
}
