import CareSyncCore
import CareSyncTesting
import Crypto
import Cryptography
import Testing

@testable import ObjectStorage

@Suite("Signatures")
struct SignatureTests {
    typealias Headers = [(name: String, value: String)]

    private static let suiteTime = Instant(seconds: 1_440_938_160)
    private static let suite = RequestSigner(
        accessKey: "AKIDEXAMPLE", secretKey: SecretBytes(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)),
        region: "us-east-1", service: "service")
    private static let exampleTime = Instant(seconds: 1_369_353_600)
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static func example(_ region: String) -> RequestSigner {
        RequestSigner(
            accessKey: "AKIAIOSFODNN7EXAMPLE",
            secretKey: SecretBytes(Array("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".utf8)), region: region,
            service: "s3")
    }

    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var path = "/"
        var query: [(name: String, value: String)] = []
        var headers: Headers = []
        var hash = SignatureTests.emptyHash
        let canonical: String
        let signature: String

        var testDescription: String { name }

        var request: RequestSigner.Request {
            RequestSigner.Request(
                method: method, path: PercentEncoding.path(path), query: PercentEncoding.query(query), headers: headers,
                contentHash: hash)
        }
    }

    private func check(_ vector: Vector, _ signer: RequestSigner, _ time: Instant) {
        let canonical = RequestSigner.canonical(vector.request)
        #expect(Hex.text(SHA256.hash(data: Array(canonical.utf8))) == vector.canonical, "\(canonical)")
        #expect(signer.signature(vector.request, at: time) == vector.signature)
    }

    @Test("the published suite of test cases", arguments: SignatureVectors.suite)
    func suite(_ vector: Vector) {
        var vector = vector
        vector.headers =
            [
                (name: "Host", value: "example.amazonaws.com"), (name: "X-Amz-Date", value: "20150830T123600Z"),
            ] + vector.headers
        check(vector, Self.suite, Self.suiteTime)
    }

    @Test("the documented examples of S3, signed URLs included", arguments: SignatureVectors.examples)
    func examples(_ vector: Vector) {
        check(vector, Self.example("us-east-1"), Self.exampleTime)
    }

    @Test("an endpoint with a path of its own", arguments: SignatureVectors.subPaths)
    func subPaths(_ vector: Vector) {
        check(vector, Self.example("ap-south-1"), Instant(seconds: 1_767_323_045))
    }

    @Test("the canonical text and the header are spelt out")
    func spelling() {
        let request = RequestSigner.Request(
            method: "GET", path: "/", query: PercentEncoding.query([("Param2", "value2"), ("Param1", "value1")]),
            headers: [(name: "Host", value: "example.amazonaws.com"), (name: "X-Amz-Date", value: "20150830T123600Z")],
            contentHash: RequestSigner.emptyHash)
        #expect(
            RequestSigner.canonical(request) == """
                GET
                /
                Param1=value1&Param2=value2
                host:example.amazonaws.com
                x-amz-date:20150830T123600Z

                host;x-amz-date
                \(Self.emptyHash)
                """)
        #expect(
            Self.suite.authorization(request, at: Self.suiteTime)
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
    }

    @Test("a signature tells nothing of the time within a second")
    func stamp() {
        #expect(RequestSigner.stamp(Instant(microseconds: 1_440_938_160_999_999)) == "20150830T123600Z")
    }

    @Test("500 generated requests are signed as botocore signs them")
    func botocore() async throws {
        let random = SeededRandom(seed: UInt64.random(in: 1...UInt64.max))
        let generated = (0..<500).map { _ in GeneratedRequest(random) }
        let expected = try await RequestToSign.authorizations(generated.map(\.forBotocore))
        #expect(expected.count == 500)
        for (request, authorization) in zip(generated, expected) {
            #expect(request.authorization == authorization, "seed \(random.seed): \(request.forBotocore)")
        }
    }
}
