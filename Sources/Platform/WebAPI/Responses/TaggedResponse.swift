import HTTPServer
import NIOCore

/// A response for signed-in callers with an ETag made of its bytes: a client that has it already, and asks each time, gets
/// 304. Not for data of patients, which no cache keeps.
package struct TaggedResponse<Content: ResponseConvertible>: ResponseConvertible {
    private let content: Content

    package init(_ content: Content) {
        self.content = content
    }

    package static var described: ResponseDescription { .tagged(Content.described) }

    package func response(to request: RequestMetadata) throws -> Response {
        var response = try content.response(to: request)
        guard case .bytes(let bytes) = response.body else { return response }
        let tag = EntityTag.of(bytes)
        response.headers += [(name: "ETag", value: tag), (name: "Cache-Control", value: "private, no-cache")]
        guard EntityTag.matches(request.ifNoneMatch, tag) else { return response }
        var known = Response(status: 304, contentType: nil, body: .bytes(ByteBuffer()))
        known.headers = response.headers.filter { $0.name != "Content-Type" }
        return known
    }
}
