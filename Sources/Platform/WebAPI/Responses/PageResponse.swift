import HTTPServer
import HTTPTypes
import NIOCore

/// JSON, or a page for a browser, which asks for HTML.
package struct PageResponse<Content: WireResponse>: ResponseConvertible {
    private let content: Content
    private let page: HTMLPage

    package init(_ content: Content, page: HTMLPage) {
        self.content = content
        self.page = page
    }

    package static var described: ResponseDescription { .page(Content.described) }

    package func response(to request: RequestMetadata) throws -> Response {
        var response: Response
        if request.asksForHTML {
            response = page.response(to: request)
        } else {
            response = try content.response(to: request)
        }
        response.headers.append((name: "Vary", value: "Origin, Accept"))
        return response
    }
}

extension RequestMetadata {
    /// Whether a browser shows the answer, as a page of its own.
    package var asksForHTML: Bool {
        headers[.accept]?.split(separator: ",").contains {
            $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() == "text/html"
        } ?? false
    }
}

/// A page of a heading, a few facts and at most one button. It needs no script, style or picture, which the content policy
/// of every answer would refuse.
package struct HTMLPage: Sendable {
    package let text: String

    /// Asks for the same address again, with a value in its query.
    package struct Button: Sendable {
        let label: String
        let name: String
        let value: String

        package init(label: String, name: String, value: String) {
            self.label = label
            self.name = name
            self.value = value
        }
    }

    /// Plain texts.
    package init(title: String, heading: String, facts: [(name: String, value: String)], button: Button? = nil) {
        let rows = facts.map { "<p>\(Self.escaped($0.name)): <strong>\(Self.escaped($0.value))</strong></p>" }
        let form = button.map {
            """
            <form method="get"><button name="\(Self.escaped($0.name))" value="\(Self.escaped($0.value))">\
            \(Self.escaped($0.label))</button></form>
            """
        }
        text = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
            <title>\(Self.escaped(title))</title></head>
            <body>
            <h1>\(Self.escaped(heading))</h1>
            \((rows + [form].compactMap(\.self)).joined(separator: "\n"))
            </body>
            </html>

            """
    }

    package func response(to request: RequestMetadata) -> Response {
        Response(
            status: request.status, contentType: "text/html; charset=utf-8", body: .bytes(ByteBuffer(string: text)))
    }

    /// A text as it stands in a page or in a quoted attribute. By scalars: a quotation mark that carries an accent is
    /// another character in Swift, but not in HTML.
    package static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
