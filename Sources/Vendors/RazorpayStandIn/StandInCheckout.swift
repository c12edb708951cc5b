import Foundation

/// The hosted page on which a person pays, fails or gives up. It works in the frame that the script opens, and as a page of
/// its own that leads back to the shop's `callback_url`, also without JavaScript.
struct StandInCheckout: Sendable {
    let gateway: StandInGateway

    /// - Parameter request: its path without `checkout`.
    func answer(_ request: StandInRequest) -> StandInAnswer {
        do {
            guard let id = request.path.first, request.path.count == 1 else { throw VendorRefusal.unknownURL }
            let order = try gateway.work { ledger, _ in try ledger.order(id) }
            let shop = Shop(request.query)
            guard shop.key == gateway.keys.keyID else { throw VendorRefusal("The api key provided is invalid") }
            switch request.method {
            case "GET": return page(order, shop)
            case "POST": return try act(order, shop, StandInForm.fields(String(decoding: request.body, as: UTF8.self)))
            default: throw VendorRefusal.unknownURL
            }
        } catch let refusal as VendorRefusal {
            return refused(refusal)
        } catch {
            return refused(.unknownURL)
        }
    }

    /// What the page of the shop has told the script.
    struct Shop {
        let key: String
        let name: String
        let callback: String?

        init(_ query: [String: String]) {
            key = query["key"] ?? ""
            name = query["name"].flatMap { $0.isEmpty ? nil : String($0.prefix(100)) } ?? "the shop"
            // Nothing that could run as a script.
            callback = query["callback_url"].flatMap { url in
                url.hasPrefix("http://") || url.hasPrefix("https://") ? url : nil
            }
        }

        var query: String {
            var parts = [("key", key), ("name", name)]
            if let callback { parts.append(("callback_url", callback)) }
            return parts.map { "\($0.0)=\(StandInPages.escapedQuery($0.1))" }.joined(separator: "&")
        }
    }

    private func page(_ order: StandInOrder, _ shop: Shop) -> StandInAnswer {
        guard order.status != .paid else {
            return StandInPages.page("Paid already", "<p>This order is paid. You can close this page.</p>")
        }
        let action = StandInPages.escaped("/checkout/\(order.id)?\(shop.query)")
        return StandInPages.page(
            "Pay \(StandInPages.rupees(order.amount))",
            """
            <p>To <b>\(StandInPages.escaped(shop.name))</b>, order <code>\(order.id)</code></p>
            <form method="post" action="\(action)">
            <fieldset><legend>Pay with</legend>
            \(methods)
            </fieldset>
            <p><button name="action" value="captured">Pay \(StandInPages.rupees(order.amount))</button></p>
            <p><button name="action" value="failed">Let the payment fail</button>
            <button name="action" value="abandon">Abandon</button></p>
            </form>
            """)
    }

    private var methods: String {
        let names: [(StandInMethod, String)] = [
            (.upi, "UPI"), (.card, "Card"), (.netbanking, "Net banking"), (.wallet, "Wallet"),
        ]
        return names.map { method, name in
            let isFirst = method == .upi ? " checked" : ""
            return
                "<label><input type=\"radio\" name=\"method\" value=\"\(method.rawValue)\"\(isFirst)> \(name)</label>"
        }.joined(separator: "\n")
    }

    private func act(_ order: StandInOrder, _ shop: Shop, _ form: [String: String]) throws -> StandInAnswer {
        guard let action = form["action"], action != "abandon" else {
            return ended(
                "Not paid", "You have left the checkout. Nothing was paid.", ["type": "dismissed"], [:], shop, order)
        }
        guard let outcome = StandInOutcome(rawValue: action) else { throw VendorRefusal("No such action") }
        let method = form["method"].flatMap { StandInMethod(rawValue: $0) } ?? .upi
        let receipt = try gateway.pay(order.id, outcome, by: method)
        guard outcome != .failed else {
            let error: VendorJSON = [
                "code": "BAD_REQUEST_ERROR", "description": "Payment was declined by the stand-in.",
                "source": "customer", "step": "payment_authentication", "reason": "payment_failed",
                "metadata": ["order_id": .text(receipt.order), "payment_id": .text(receipt.payment)],
            ]
            return ended(
                "The payment has failed", "Nothing was paid.", ["type": "failed", "error": error],
                ["error[code]": "BAD_REQUEST_ERROR", "error[description]": "Payment was declined by the stand-in."],
                shop, order)
        }
        let fields = [
            "razorpay_payment_id": receipt.payment, "razorpay_order_id": receipt.order,
            "razorpay_signature": receipt.signature,
        ]
        return ended(
            "Paid", "The payment of \(StandInPages.rupees(order.amount)) was taken by the stand-in.",
            ["type": "paid", "response": .object(fields.mapValues { .text($0) })], fields, shop, order)
    }

    /// Tells the page of the shop, or leads back to it.
    private func ended(
        _ title: String, _ text: String, _ message: VendorJSON, _ fields: [String: String], _ shop: Shop,
        _ order: StandInOrder
    ) -> StandInAnswer {
        var body = "<p role=\"status\">\(text)</p>"
        if let callback = shop.callback, !fields.isEmpty {
            let inputs = fields.sorted { $0.key < $1.key }.map { name, value in
                "<input type=\"hidden\" name=\"\(name)\" value=\"\(StandInPages.escaped(value))\">"
            }
            body += """
                <form method="post" action="\(StandInPages.escaped(callback))">\(inputs.joined())
                <p><button>Back to \(StandInPages.escaped(shop.name))</button></p></form>
                """
        }
        if fields["razorpay_payment_id"] == nil {
            let again = StandInPages.escaped("/checkout/\(order.id)?\(shop.query)")
            body += "<p><a href=\"\(again)\">Try again</a></p>"
        }
        // Within a script "</" would end it.
        let told = String(decoding: message.bytes, as: UTF8.self).replacing("</", with: "<\\/")
        body += """
            <script>
            if (window.parent !== window) {
              window.parent.postMessage({razorpayStandIn: \(told)}, "*");
            }
            </script>
            """
        return StandInPages.page(title, body)
    }

    private func refused(_ refusal: VendorRefusal) -> StandInAnswer {
        StandInPages.page(
            "This cannot be paid", "<p role=\"alert\">\(StandInPages.escaped(refusal.description))</p>",
            status: refusal.status)
    }
}
