import CareSyncCore
import HTTPServer
import HTTPTypes

/// A file of known length, whole or the part that `Range` asks for. It may be shown by pages of other origins, and carries
/// no ETag.
package struct RangedResponse: ResponseConvertible {
    private let content: Response

    /// - Parameters:
    ///   - length: of the whole file.
    ///   - range: what `produce` writes; `nil` for all of it.
    ///   - policy: the `Content-Security-Policy` of a page that the file becomes.
    ///   - produce: when it throws, the connection is cut, so that a broken download never looks whole.
    package init(
        contentType: String, length: Int64, range: Range<Int64>?, name: String, disposition: ContentDisposition,
        policy: String, cacheControl: String, acceptsRanges: Bool = true,
        streaming produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) {
        var headers = [
            ("Content-Disposition", disposition.field(name)), ("Cache-Control", cacheControl),
            ("Content-Security-Policy", policy), ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Accept-Ranges", acceptsRanges ? "bytes" : "none"),
        ]
        if let range {
            headers.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"))
        }
        content = Response(
            status: range == nil ? 200 : 206, contentType: contentType, headers: headers,
            body: .stream(length: range?.count ?? Int(length)) { try await produce(ResponseWriter(body: $0)) })
    }

    package static var described: ResponseDescription { .ranged(contentType: "application/octet-stream") }

    package func response(to request: RequestMetadata) throws -> Response { content }
}

extension RequestMetadata {
    /// The part of a file that `Range` asks for; `nil` for all of it: also for HEAD, when several parts are asked for, when the field
    /// cannot be read, and with `If-Range`, because files have nothing it could name (RFC 9110 §14.2).
    ///
    /// Throws 416 when the file has no such part.
    package func range(of length: Int64) throws -> Range<Int64>? {
        guard !isHead, let field = headers[.range], headers[.ifRange] == nil, field.lowercased().hasPrefix("bytes=")
        else {
            return nil
        }
        let parts = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " && $0 != "\t" }
        }
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            return nil
        }
        switch (Int64(parts[0]), Int64(parts[1])) {
        case (nil, let suffix?) where parts[0].isEmpty:
            guard suffix > 0, length > 0 else { throw Problem.unsatisfiableRange(of: length) }
            return max(0, length - suffix)..<length
        case (let first?, nil) where parts[1].isEmpty:
            guard first < length else { throw Problem.unsatisfiableRange(of: length) }
            return first..<length
        case (let first?, let last?) where first <= last:
            guard first < length else { throw Problem.unsatisfiableRange(of: length) }
            return first..<min(last, length - 1) + 1
        default: return nil
        }
    }
}
