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

    package static var described: ResponseDescription { Content.described }

    package func response(to request: RequestMetadata) throws -> Response {
        var response: Response
        if request.asksForHTML {
            response = Response(
                status: request.status, contentType: "text/html; charset=utf-8",
                body: .bytes(ByteBuffer(string: page.text)))
        } else {
            response = try content.response(to: request)
        }
        response.headers.append((name: "Vary", value: "Origin, Accept"))
        return response
    }
}

extension RequestMetadata {
    fileprivate var asksForHTML: Bool {
        headers[.accept]?.split(separator: ",").contains {
            $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() == "text/html"
        } ?? false
    }
}

/// A page of a heading and a few facts. It needs no script, style or picture, which the content policy of every answer
/// would refuse.
package struct HTMLPage: Sendable {
    package let text: String

    /// Plain texts.
    package init(title: String, heading: String, facts: [(name: String, value: String)]) {
        let rows = facts.map { "<p>\(Self.escaped($0.name)): <strong>\(Self.escaped($0.value))</strong></p>" }
        text = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
            <title>\(Self.escaped(title))</title></head>
            <body>
            <h1>\(Self.escaped(heading))</h1>
            \(rows.joined(separator: "\n"))
            </body>
            </html>

            """
    }

    /// By scalars: a quotation mark that carries an accent is another character in Swift, but not in HTML.
    private static func escaped(_ text: String) -> String {
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
