import HTTPServer
import NIOCore

/// A sentence as plain text, for the few routes whose clients read no JSON.
package struct TextResponse: ResponseConvertible {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static var described: ResponseDescription { .text }

    package func response(to request: RequestMetadata) -> Response {
        Response(
            status: request.status, contentType: "text/plain; charset=utf-8", body: .bytes(ByteBuffer(string: text)))
    }
}
