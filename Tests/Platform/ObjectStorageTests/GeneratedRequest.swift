import CareSyncCore
import CareSyncTesting
import Crypto
import Cryptography

@testable import ObjectStorage

/// A request out of a seed, with whatever makes signatures go wrong in its path, query and headers.
struct GeneratedRequest {
    let forBotocore: RequestToSign
    private let instant: Instant

    private static let symbols = Array(
        "abcXYZ019-._~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}//%2F+é\u{1234}नमस्ते🩺\u{7f}".unicodeScalars)

    init(_ random: SeededRandom) {
        func text(_ longest: Int, _ shortest: Int = 0) -> String {
            let length = shortest + random.below(longest - shortest + 1)
            var text = ""
            for _ in 0..<length { text.unicodeScalars.append(Self.symbols[random.below(Self.symbols.count)]) }
            return text
        }
        func word(_ length: Int) -> String {
            String((0..<length).map { _ in Character(Unicode.Scalar(UInt8(97 + random.below(26)))) })
        }
        func value() -> String {
            let words = (0..<random.below(4)).map { _ in word(1 + random.below(5)) }
            return words.joined(separator: String(repeating: " ", count: 1 + random.below(3)))
                + String(repeating: " ", count: random.below(3))
        }
        instant = Instant(seconds: 1_000_000_000 + Int64(random.below(3_000_000_000)))
        var names = (0..<random.below(4)).map { _ in "x-amz-meta-" + word(1 + random.below(3)) }
        if random.below(2) == 0 { names.append("Content-Type") }
        if random.below(4) == 0 { names.append("x-amz-meta-Twice") }
        if random.below(4) == 0 { names += ["x-amz-meta-twice", "x-amz-meta-Twice"] }
        forBotocore = RequestToSign(
            method: ["GET", "PUT", "POST", "DELETE", "HEAD"][random.below(5)],
            host: word(8) + ".example" + (random.below(2) == 0 ? "" : ":\(1024 + random.below(60_000))"),
            path: "/" + text(30), query: (0..<random.below(6)).map { _ in [text(8, 1), text(12)] },
            headers: names.map { [$0, value()] }, body: Hex.text(random.source.bytes(random.below(200))),
            stamp: RequestSigner.stamp(instant), region: ["us-east-1", "ap-south-1", "local"][random.below(3)],
            accessKey: "AKIA" + word(16).uppercased(), secretKey: word(30) + "/+=")
    }

    /// What the product sends for it.
    var authorization: String {
        let request = forBotocore
        let hash = Hex.text(SHA256.hash(data: request.body.hexBytes))
        let headers =
            request.headers.map { (name: $0[0], value: $0[1]) } + [
                (name: "host", value: request.host), (name: "x-amz-content-sha256", value: hash),
                (name: "x-amz-date", value: request.stamp),
            ]
        let signer = RequestSigner(
            accessKey: request.accessKey, secretKey: SecretBytes(Array(request.secretKey.utf8)), region: request.region,
            service: "s3")
        return signer.authorization(
            RequestSigner.Request(
                method: request.method, path: PercentEncoding.path(request.path),
                query: PercentEncoding.query(request.query.map { (name: $0[0], value: $0[1]) }), headers: headers,
                contentHash: hash), at: instant)
    }
}

extension String {
    fileprivate var hexBytes: [UInt8] {
        let digits = Array(utf8)
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }
}
