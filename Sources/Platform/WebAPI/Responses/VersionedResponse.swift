package import CareSyncCore
import HTTPServer
import HTTPTypes
package import Persistence

/// A response with the version of what it shows as its strong `ETag`, so that a change can ask by `If-Match` that
/// nobody has changed it in between.
package struct VersionedResponse<Content: ResponseConvertible>: ResponseConvertible {
    private let content: Content
    private let version: String?

    /// - Parameter version: another one for every other content; visible ASCII without quotes. `nil` for a repetition of
    ///   what was answered before.
    package init(_ content: Content, version: String?) {
        self.content = content
        self.version = version
    }

    package static var described: ResponseDescription { .versioned(Content.described) }

    package func response(to request: RequestMetadata) throws -> Response {
        var response = try content.response(to: request)
        if let version { response.headers.append((name: "ETag", value: EntityTag.of(version))) }
        return response
    }
}

extension VersionedResponse {
    /// What was made now, with its version; a repetition of an answer carries none.
    package static func once<Value, Made>(
        _ outcome: Replayable<Value>, version: (Value) -> Int64, _ make: (Value) throws -> Made
    ) rethrows -> VersionedResponse where Content == IdempotentResponse<Made> {
        var current: String?
        if case .fresh(let value) = outcome { current = "\(version(value))" }
        return VersionedResponse(try IdempotentResponse.from(outcome, make), version: current)
    }
}

/// A response that says when it was recorded; without the header nobody has recorded anything.
package struct DatedResponse<Content: ResponseConvertible>: ResponseConvertible {
    private let content: Content
    private let recordedAt: LocalDateTime?

    package init(_ content: Content, recordedAt: LocalDateTime?) {
        self.content = content
        self.recordedAt = recordedAt
    }

    package static var described: ResponseDescription { .dated(Content.described) }

    package func response(to request: RequestMetadata) throws -> Response {
        var response = try content.response(to: request)
        if let recordedAt { response.headers.append((name: "X-Recorded-At", value: recordedAt.description)) }
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
