import HTTPServer

/// A JSON response with lists in it, and `X-Truncated` when one of them was cut (rules/lists-and-paging 3).
package struct CutResponse<Content: WireResponse>: ResponseConvertible {
    private let content: Content
    private let isTruncated: Bool

    package init(_ content: Content, isTruncated: Bool) {
        self.content = content
        self.isTruncated = isTruncated
    }

    package static var described: ResponseDescription { Content.described }

    package func response(to request: RequestMetadata) throws -> Response {
        var response = try content.response(to: request)
        if isTruncated { response.headers.append((name: "X-Truncated", value: "true")) }
        return response
    }
}
