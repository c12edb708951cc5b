import HTTPServer
package import NIOCore

/// Bytes that are not JSON: a file, a picture, a calendar.
package struct FileResponse: ResponseConvertible {
    private let content: Response

    /// `downloadName` makes the browser save the file; characters that could break out of the header are replaced.
    package init(_ bytes: ByteBuffer, contentType: String, downloadName: String? = nil, cacheControl: String? = nil) {
        content = Response(
            contentType: contentType, headers: Self.headers(downloadName, cacheControl), body: .bytes(bytes))
    }

    package init(bytes: [UInt8], contentType: String, downloadName: String? = nil, cacheControl: String? = nil) {
        self.init(
            ByteBuffer(bytes: bytes), contentType: contentType, downloadName: downloadName, cacheControl: cacheControl)
    }

    /// Written as it is made. When `produce` throws, or writes another number of bytes than `length` says, the connection is
    /// cut, so that a broken download never looks whole.
    package init(
        contentType: String, length: Int? = nil, downloadName: String? = nil, cacheControl: String? = nil,
        streaming produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) {
        content = Response(
            contentType: contentType, headers: Self.headers(downloadName, cacheControl),
            body: .stream(length: length) { try await produce(ResponseWriter(body: $0)) })
    }

    package static var described: ResponseDescription { .binary(contentType: "application/octet-stream") }

    package func response(to request: RequestMetadata) throws -> Response {
        var content = content
        content.status = request.status
        return content
    }

    private static func headers(_ name: String?, _ cacheControl: String?) -> [(String, String)] {
        var headers: [(String, String)] = []
        if let cacheControl { headers.append(("Cache-Control", cacheControl)) }
        if let name { headers.append(("Content-Disposition", ContentDisposition.attachment.field(name))) }
        return headers
    }
}

/// What a browser does with a file.
package enum ContentDisposition: String, Sendable, CaseIterable {
    case inline, attachment

    /// The header field. Characters of the name that could break out of it are replaced, and the whole name follows encoded.
    func field(_ name: String) -> String {
        let plain = String(name.unicodeScalars.map { Self.isPlain($0) ? Character($0) : "_" })
        return "\(rawValue); filename=\"\(plain)\"; filename*=UTF-8''\(Self.encoded(name))"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
    }

    /// Percent-encoded as RFC 8187 asks.
    private static func encoded(_ name: String) -> String {
        name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
