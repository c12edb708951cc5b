import HTTPServer
import HTTPTypes

/// A JSON response with the version of what it shows as its strong `ETag`, so that a change can ask by `If-Match` that
/// nobody has changed it in between.
package struct VersionedResponse<Content: WireResponse>: ResponseConvertible {
    private let content: Content
    private let version: String

    /// - Parameter version: another one for every other content; visible ASCII without quotes.
    package init(_ content: Content, version: String) {
        self.content = content
        self.version = version
    }

    package static var described: ResponseDescription { .versioned(Content.self) }

    package func response(to request: RequestMetadata) throws -> Response {
        var response = try content.response(to: request)
        response.headers.append((name: "ETag", value: EntityTag.of(version)))
        return response
    }
}

extension RequestMetadata {
    /// Whether `If-Match` admits a change of what has this version now; without the header anything may be changed.
    package func admitsChange(ofVersion version: String) -> Bool {
        EntityTag.admitsChange(headers[.ifMatch], EntityTag.of(version))
    }
}

extension EntityTag {
    fileprivate static func of(_ version: String) -> String { "\"\(version)\"" }
}
