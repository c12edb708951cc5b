import Crypto
import HTTPServer
import JSONCoding
import NIOCore

/// A JSON answer kept as finished bytes, with an ETag so that a client that has it gets 304. For public data only.
/// `Content` is an object or a list.
package struct CachedJSON<Content: ResponseConvertible & Encodable>: ResponseConvertible {
    private let bytes: ByteBuffer
    private let tag: String
    private let maxAge: Int

    /// `maxAge` in seconds is how long a client may use the answer without asking.
    package init(_ content: Content, maxAge: Int) throws {
        bytes = try JSONBodyEncoder.buffer(content)
        tag = EntityTag.of(bytes)
        self.maxAge = maxAge
    }

    package static var described: ResponseDescription { .tagged(Content.described) }

    package func response(to request: RequestMetadata) throws -> Response {
        let headers = [("ETag", tag), ("Cache-Control", "public, max-age=\(maxAge)")]
        if EntityTag.matches(request.ifNoneMatch, tag) {
            return Response(status: 304, contentType: nil, headers: headers, body: .bytes(ByteBuffer()))
        }
        return Response(status: request.status, contentType: Response.jsonType, headers: headers, body: .bytes(bytes))
    }
}

enum EntityTag {
    /// A strong tag: half of the content's SHA-256.
    static func of(_ buffer: ByteBuffer) -> String {
        let digest = buffer.withUnsafeReadableBytes { SHA256.hash(data: $0) }
        return "\"" + digest.prefix(16).map { String($0, radix: 16) }.joined(separator: "-") + "\""
    }

    /// Whether `If-Match` admits a change of what has the tag now; without the header anything may be changed.
    static func admitsChange(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return true }
        return field.split(separator: ",").contains {
            let candidate = $0.filter { $0 != " " }
            return candidate == "*" || candidate == tag
        }
    }

    /// `If-None-Match` holds the tag, its weak form, or `*`.
    static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains {
            let candidate = String($0.filter { $0 != " " })
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }
}
