import CareSyncCore
import Crypto
import Cryptography
import Foundation

/// Signs requests with AWS Signature Version 4 for their `Authorization` header.
struct RequestSigner: Sendable {
    /// What a signature covers.
    struct Request {
        let method: String
        /// Percent-encoded, as it is sent.
        let path: String
        /// Encoded and in order, as it is sent; without the question mark.
        let query: String
        /// Those that are signed, `host` and `x-amz-date` among them.
        let headers: [(name: String, value: String)]
        /// SHA-256 of the body in hexadecimal digits, or a word that stands for none.
        let contentHash: String
    }

    /// SHA-256 of nothing.
    static let emptyHash = Hex.text(SHA256.hash(data: [UInt8]()))

    let accessKey: String
    let secretKey: SecretBytes
    let region: String
    let service: String

    /// The value of `Authorization`.
    func authorization(_ request: Request, at instant: Instant) -> String {
        let scope = scope(at: instant)
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), "
            + "SignedHeaders=\(Self.canonicalHeaders(request.headers).names), "
            + "Signature=\(signature(request, at: instant))"
    }

    func signature(_ request: Request, at instant: Instant) -> String {
        let stamp = Self.stamp(instant)
        let digest = Hex.text(SHA256.hash(data: Array(Self.canonical(request).utf8)))
        let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope(at: instant))\n\(digest)"
        let key = [String(stamp.prefix(8)), region, service, "aws4_request"]
            .reduce(Array("AWS4".utf8) + secretKey.bytes) { Self.code($1, key: $0) }
        return Hex.text(Self.code(text, key: key))
    }

    /// The one text that both sides make of a request.
    static func canonical(_ request: Request) -> String {
        let headers = canonicalHeaders(request.headers)
        return [request.method, request.path, request.query, headers.lines, headers.names, request.contentHash]
            .joined(separator: "\n")
    }

    /// `yyyyMMddTHHmmssZ`, the value of `x-amz-date`.
    static func stamp(_ instant: Instant) -> String {
        let whole = Instant(seconds: instant.seconds)
        return whole.description.filter { $0 != "-" && $0 != ":" }
    }

    private func scope(at instant: Instant) -> String {
        "\(Self.stamp(instant).prefix(8))/\(region)/\(service)/aws4_request"
    }

    /// Values of one name are joined in the order in which they are sent.
    private static func canonicalHeaders(_ headers: [(name: String, value: String)]) -> (lines: String, names: String) {
        var values: [String: [String]] = [:]
        for header in headers {
            // Blanks count once, and not at the ends.
            let value = header.value.split(separator: " ").joined(separator: " ")
            values[header.name.lowercased(), default: []].append(value)
        }
        let names = values.keys.sorted()
        let lines = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }
        return (lines.joined(), names.joined(separator: ";"))
    }

    private static func code(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}
