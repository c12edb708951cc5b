import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Foundation
import Testing

@testable import Payments

@Suite("The page to pay on")
struct PayPageTests {
    private static let script = "https://checkout.razorpay.com/v1/checkout.js"
    private static func open(_ title: String, script: String = script) -> PayPage {
        PayPage(
            state: .open(
                PayPage.Checkout(
                    keyID: "rzp_test_1", orderID: "order_1", amount: Money(minorUnits: 50_000), script: script)),
            facts: PayPage.Facts(
                title: title, amount: Money(minorUnits: 50_000), payBefore: "Tuesday, 10 March 2026, 09:30",
                terms: ["At least 24 hours before it begins, 100 % of the price goes back."]))
    }

    private static func part(_ html: String, _ tag: String) throws -> String {
        let begin = try #require(html.range(of: "<\(tag)>"))
        let end = try #require(html.range(of: "</\(tag)>", range: begin.upperBound..<html.endIndex))
        return String(html[begin.upperBound..<end.lowerBound])
    }

    @Test("the content policy allows its own style and script and the checkout's, and nothing else")
    func policy() throws {
        let page = Self.open("Consultation")
        let policy = Dictionary(
            page.contentPolicy.split(separator: ";").map { directive in
                let words = directive.split(separator: " ").map(String.init)
                return (words[0], Array(words.dropFirst()))
            }
        ) { first, _ in first }
        func hash(_ tag: String) throws -> String {
            "'sha256-\(Data(Digest.sha256(Array(try Self.part(page.html, tag).utf8))).base64EncodedString())'"
        }
        #expect(policy["default-src"] == ["'none'"])
        #expect(policy["frame-ancestors"] == ["'none'"])
        #expect(policy["base-uri"] == ["'none'"])
        #expect(policy["script-src"]?.first == (try hash("script")))
        #expect(policy["style-src"]?.first == (try hash("style")))
        let sources = policy["script-src"]?.dropFirst() ?? []
        #expect(sources.allSatisfy { $0.hasPrefix("https://") && $0.hasSuffix("razorpay.com") })
        #expect(policy["script-src"]?.contains("'unsafe-inline'") == false)
        #expect(!page.html.contains(" onclick") && !page.html.contains("javascript:"))
        let local = Self.open("Consultation", script: "http://127.0.0.1:8080/vendor/checkout.js").contentPolicy
        #expect(local.contains("frame-src http://127.0.0.1:8080;") && !local.contains("razorpay"))
        let closed = PayPage(state: .over, facts: nil)
        #expect(!closed.contentPolicy.contains("script-src") && !closed.html.contains("<script"))
    }

    @Test("a title cannot break out of the page")
    func escapes() throws {
        let html = Self.open("\"><script>alert(1)</script>'&").html
        #expect(!html.contains("<script>alert"))
        #expect(html.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;"))
    }

    @Test("it says what, how much, until when and what cancelling gives back, and is not for search engines")
    func says() throws {
        let html = Self.open("Consultation with Dr. Asha Rao").html
        for part in [
            "<html lang=\"en\">", "Consultation with Dr. Asha Rao", "INR 500.00", "10 March 2026, 09:30",
            "At least 24 hours before it begins, 100 % of the price goes back.", "noindex", "data-order=\"order_1\"",
            "data-key=\"rzp_test_1\"", "data-amount=\"50000\"", "<noscript>", "width=device-width",
            "aria-live=\"polite\"",
        ] {
            #expect(html.contains(part), "\(part)")
        }
    }

    @Test("an unknown code is 404; what is paid, under way, given back or over is shown as that")
    func states() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            let configuration = app.system.configuration
            let links = PayLinks(configuration.keys.root, linkBase: "")
            #expect(try await app.get("/public/pay/p1-\(String(repeating: "0", count: 40))").status == 404)
            #expect(try await app.get("/public/pay/\(links.code(.payment(PaymentID(999))))").status == 404)
            let states: [(PaymentStatus, Int, String)] = [
                (.success, 200, "Paid"), (.processing, 200, "being confirmed"), (.refunded, 200, "goes back"),
                (.cancelled, 410, "no longer be paid"),
            ]
            for (status, answer, heading) in states {
                var payment = PlantedPayment("TXN_\(status.rawValue)")
                payment.status = status
                let id = try await payment.insert(for: patient.patientID, in: app)
                let page = try await app.get("/public/pay/\(links.code(.payment(id)))")
                #expect(page.status == answer, "\(status)")
                #expect(page.text.contains(heading), "\(page.text)")
                #expect(page.header("Content-Type") == "text/html; charset=utf-8")
                #expect(page.header("Cache-Control") == "no-store")
                #expect(page.header("X-Robots-Tag") == "noindex, nofollow")
                #expect(page.header("Referrer-Policy") == "no-referrer")
                for secret in ["Asha", "Verma", "Consultation"] { #expect(!page.text.contains(secret)) }
            }
        }
    }

    @Test("a payment that belongs to nothing can be paid by its link for half an hour")
    func lifetime() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            var payment = PlantedPayment("TXN_1_OLD")
            payment.status = .pending
            let id = try await payment.insert(for: patient.patientID, in: app)
            let links = PayLinks(app.system.configuration.keys.root, linkBase: "")
            app.time.advance(by: .minutes(30))
            let page = try await app.get("/public/pay/\(links.code(.payment(id)))")
            #expect(page.status == 410)
        }
    }
}
