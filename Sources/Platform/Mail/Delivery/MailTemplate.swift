import Mustache

/// The wording of a mail in Mustache: subject, text, and the same as HTML. Values are made safe for each of the three.
package struct MailTemplate: Sendable {
    let subject: String
    let text: String
    let html: String

    /// - Parameters:
    ///   - subject: one line.
    ///   - text: the whole plain text.
    ///   - html: what stands in the body of the page.
    package init(subject: String, text: String, html: String) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// A template, ready to be filled in.
struct CompiledTemplate: Sendable {
    private let subject: MustacheTemplate
    private let text: MustacheTemplate
    private let html: MustacheTemplate
    private let names: Set<String>

    init(_ template: MailTemplate) throws {
        // Values are made safe by us. The library's own escaping compares characters, and a quotation mark that carries an
        // accent is none to it.
        subject = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + template.subject)
        text = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + template.text)
        html = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + Self.page(template.html))
        names = Set([template.subject, template.text, template.html].flatMap(Self.names))
    }

    /// Throws ``MailFault/missingValue(_:)`` rather than send a mail with a gap.
    func render(_ values: [String: String]) throws(MailFault) -> (subject: String, text: String, html: String) {
        for name in names.sorted() where values[name] == nil { throw .missingValue(name) }
        let safe = values.mapValues { MailText.line($0, limit: 1000) }
        return (
            MailText.line(subject.render(safe)), text.render(safe), html.render(safe.mapValues(MailText.escapedForHTML))
        )
    }

    private static func names(in template: String) -> [String] {
        template.split(separator: "{{").dropFirst().compactMap { part in
            part.firstRange(of: "}}").map { String(part[..<$0.lowerBound]).filter { $0.isLetter } }
        }
    }

    /// Mail programs show little more than the HTML of the nineties; no picture or style is fetched from anywhere.
    private static func page(_ body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>CareSync</title></head>
        <body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1b1b1b; max-width: 36em">
        \(body)
        <p style="color: #5a5a5a; font-size: 13px">This mail was sent automatically. Replies are not read.</p>
        </body></html>

        """
    }
}
