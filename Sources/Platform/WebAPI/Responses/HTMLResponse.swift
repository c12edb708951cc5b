import HTTPServer
import NIOCore

/// A page with styles or scripts of its own, which its content policy names one by one.
package struct HTMLResponse: ResponseConvertible {
    private let content: Response

    /// - Parameters:
    ///   - status: an error may have a page, too.
    ///   - contentPolicy: replaces the one of all answers, which allows nothing.
    package init(_ html: String, status: Int = 200, contentPolicy: String) {
        content = Response(
            status: status, contentType: "text/html; charset=utf-8",
            headers: [("Content-Security-Policy", contentPolicy), ("X-Robots-Tag", "noindex, nofollow")],
            body: .bytes(ByteBuffer(string: html)))
    }

    package static var described: ResponseDescription { .binary(contentType: "text/html") }

    package func response(to request: RequestMetadata) -> Response { content }
}
