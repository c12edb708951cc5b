import CareSyncCore
import Testing

@testable import Mail

@Suite("Mail templates")
struct TemplateTests {
    private static let template = MailTemplate(
        subject: "For {{name}}", text: "Hello {{name}}, see {{link}}\n",
        html: "<p>Hello {{name}}, see <a href=\"{{link}}\">here</a></p>")

    private static func render(_ name: String, link: String = "x") throws -> (
        subject: String, text: String, html: String
    ) {
        try CompiledTemplate(template).render(["name": name, "link": link])
    }

    @Test("values cannot become markup")
    func markup() throws {
        let mail = try Self.render("<b>&'\"", link: "\" onclick=\"x")
        #expect(
            mail.html.contains(
                "<p>Hello &lt;b&gt;&amp;&#39;&quot;, see <a href=\"&quot; onclick=&quot;x\">here</a></p>"))
        #expect(mail.text == "Hello <b>&'\", see \" onclick=\"x\n")
    }

    @Test("a sign that carries an accent is escaped like the sign alone")
    func accents() throws {
        let mail = try Self.render("<\u{338}b>\"\u{301}")
        #expect(!mail.html.unicodeScalars.elementsEqual("".unicodeScalars))
        #expect(mail.html.contains("&lt;\u{338}b&gt;&quot;\u{301}"))
    }

    @Test("a value is not looked at for placeholders")
    func singlePass() throws {
        let mail = try Self.render("{{link}}", link: "secret")
        #expect(mail.subject == "For {{link}}")
        #expect(mail.text.hasPrefix("Hello {{link}}, see secret"))
    }

    @Test("a value stays within its line")
    func lines() throws {
        let mail = try Self.render("Asha\r\nBcc: x@evil.example\u{202E}")
        #expect(mail.subject == "For Asha Bcc: x@evil.example")
        #expect(mail.text == "Hello Asha Bcc: x@evil.example, see x\n")
    }

    @Test("a mail with a gap is not made")
    func gap() throws {
        let template = try CompiledTemplate(Self.template)
        #expect(throws: MailFault.missingValue("link")) { _ = try template.render(["name": "Asha"]) }
    }
}
