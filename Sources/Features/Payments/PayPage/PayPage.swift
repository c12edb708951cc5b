import CareSyncCore
import Cryptography
import Foundation
import WebAPI

/// What somebody sees who has opened a link to pay. It names no patient: whoever holds the link may read it.
struct PayPage: Sendable {
    /// What the vendor's checkout needs.
    struct Checkout: Sendable {
        let keyID: String
        let orderID: String
        let amount: Money
        let script: String
    }

    enum State: Sendable {
        case open(Checkout)
        /// The money is on its way.
        case processing
        case paid
        /// Given back, or about to be.
        case refunded
        /// Nothing can be paid here any more.
        case over
        /// The payment service did not do its part; the sentence says why.
        case failed(status: Int, text: String)
    }

    struct Facts: Sendable {
        let title: String
        let amount: Money
        /// On the clinic's clock.
        let payBefore: String?
        let terms: [String]
    }

    let state: State
    let facts: Facts?

    var status: Int {
        switch state {
        case .open, .processing, .paid, .refunded: 200
        case .over: 410
        case .failed(let status, _): status
        }
    }

    var response: HTMLResponse { HTMLResponse(html, status: status, contentPolicy: contentPolicy) }

    // MARK: Page

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex, nofollow">
        \(refresh)<title>CareSync: \(HTMLPage.escaped(heading))</title>
        <style>\(PayPageAssets.style)</style>
        </head>
        <body>
        <main>
        <p class="brand">CareSync</p>
        <h1>\(HTMLPage.escaped(heading))</h1>
        \(factRows)\(content)
        </main>
        \(scripts)</body>
        </html>

        """
    }

    private var heading: String {
        switch state {
        case .open: "Pay for your booking"
        case .processing: "Your payment is being confirmed"
        case .paid: "Paid: your booking is confirmed"
        case .refunded: "Your money goes back to you"
        case .over: "This can no longer be paid"
        case .failed: "The payment could not be begun"
        }
    }

    private var factRows: String {
        guard let facts else { return "" }
        var rows = [("For", facts.title), ("Amount", "INR \(facts.amount)")]
        if case .open = state, let payBefore = facts.payBefore { rows.append(("Pay before", payBefore)) }
        return "<dl>\n"
            + rows.map { "<dt>\(HTMLPage.escaped($0))</dt><dd>\(HTMLPage.escaped($1))</dd>\n" }.joined() + "</dl>\n"
    }

    private var content: String {
        switch state {
        case .open(let checkout): button(checkout) + terms
        case .processing: Self.paragraph("This page looks again by itself. You need not pay a second time.")
        case .paid: Self.paragraph("Thank you. Sign in to CareSync to see your booking and the receipt.")
        case .refunded:
            Self.paragraph("What was paid for has ended. The money goes where it came from; a bank may take some days.")
        case .over:
            Self.paragraph("The time to pay has run out, or the booking has ended. Sign in to CareSync to book again.")
        case .failed(_, let text):
            Self.paragraph(text) + "<p><a class=\"button\" href=\"?\">Try again</a></p>\n"
        }
    }

    private func button(_ checkout: Checkout) -> String {
        """
        <p><button id="pay" class="button" type="button" data-key="\(HTMLPage.escaped(checkout.keyID))" \
        data-order="\(HTMLPage.escaped(checkout.orderID))" data-amount="\(checkout.amount.minorUnits)" \
        data-title="\(HTMLPage.escaped(facts?.title ?? ""))">Pay INR \(checkout.amount)</button></p>
        <p id="note" role="status" aria-live="polite"></p>
        <noscript><p>Paying needs JavaScript. Switch it on, or sign in to CareSync to pay there.</p></noscript>

        """
    }

    private var terms: String {
        guard let facts, !facts.terms.isEmpty else { return "" }
        let items = facts.terms.map { "<li>\(HTMLPage.escaped($0))</li>\n" }.joined()
        return "<h2>If you cancel</h2>\n<ul>\n\(items)</ul>\n"
    }

    private static func paragraph(_ text: String) -> String { "<p>\(HTMLPage.escaped(text))</p>\n" }

    private var refresh: String {
        if case .processing = state { "<meta http-equiv=\"refresh\" content=\"5\">\n" } else { "" }
    }

    private var scripts: String {
        guard case .open(let checkout) = state else { return "" }
        return "<script src=\"\(HTMLPage.escaped(checkout.script))\"></script>\n"
            + "<script>\(PayPageAssets.script)</script>\n"
    }

    // MARK: Policy

    /// Our style and script by their hashes, and the vendor's checkout where it can be used; nothing else.
    var contentPolicy: String {
        var policy = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
        if case .open(let checkout) = state {
            let sources = Self.sources(of: checkout.script)
            policy += [
                "script-src \(PayPageAssets.scriptHash) \(sources)", "frame-src \(sources)", "connect-src \(sources)",
                "img-src data: \(sources)", "style-src \(PayPageAssets.styleHash) \(sources)",
                // The vendor's script places its frame by style attributes.
                "style-src-attr 'unsafe-inline'",
            ]
        } else {
            policy.append("style-src \(PayPageAssets.styleHash)")
        }
        return policy.joined(separator: "; ")
    }

    /// The origin of the script; the vendor's own needs other hosts of the vendor.
    static func sources(of script: String) -> String {
        guard let url = URL(string: script), let scheme = url.scheme, let host = url.host() else { return "'self'" }
        let origin = "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
        return host == "checkout.razorpay.com"
            ? "\(origin) https://api.razorpay.com https://*.razorpay.com" : origin
    }
}
