import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import NIOCore
import Testing

@testable import ObjectStorage

@Suite("Store in a bucket")
struct S3StoreTests {
    private static func bucket(_ address: String, path: String = "", prefix: String = "") -> S3Bucket {
        S3Bucket(
            endpoint: S3Bucket.Endpoint(isSecure: false, host: String(address.dropFirst("http://".count)), path: path),
            name: "bucket", region: "ap-south-1", prefix: prefix, accessKey: "AKIAEXAMPLE",
            secretKey: SecretBytes(Array("hidden-key".utf8)))
    }

    private static func answer(_ status: String, _ body: String) -> ScriptedServer.Answer {
        .send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private static func error(_ code: String) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>\(code)</Code><Message>Secret &amp; long</Message></Error>"
    }

    /// Every call a store has.
    private func calls(_ store: any ObjectStore, _ content: SpooledFile) -> [@Sendable () async throws -> Void] {
        [
            { try await store.put(.unique, content) }, { _ = try await store.get(.unique, range: nil) },
            { try await store.delete(.unique) }, { _ = try await store.list(after: nil, limit: 10) },
            { try await store.probe() },
        ]
    }

    private func unavailable(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
            return nil
        } catch {
            guard case StorageError.unavailable(let text) = error else { return nil }
            return text
        }
    }

    @Test("a wrong secret and a bucket that is not there are told apart, and no secret is told")
    func refusals() async throws {
        let server = try await S3TestServer.shared
        try await withFolder { folder in
            let content = try await SpooledFile.holding([1], in: folder)
            for (bucket, expected) in [
                (server.asBucket(secretKey: "wrong"), "The object store answers 403 SignatureDoesNotMatch."),
                (server.asBucket(name: "other-bucket"), "The object store answers 404 NoSuchBucket."),
            ] {
                let store = S3Store(bucket: bucket, patience: .seconds(120))
                for call in calls(store, content) { #expect(await unavailable(call) == expected) }
            }
        }
    }

    @Test("objects of others in the bucket are not listed, however many there are, nor behind the prefix")
    func foreign() async throws {
        let server = try await S3TestServer.shared
        let prefix = "shared-\(UUID().uuidString)"
        let ours = S3Store(bucket: server.asBucket(prefix: prefix), patience: .seconds(120))
        let below = S3Store(bucket: server.asBucket(prefix: prefix + "/below"), patience: .seconds(120))
        try await withFolder { folder in
            let content = try await SpooledFile.holding([1], in: folder)
            let name = ObjectName.unique
            try await ours.put(name, content)
            for _ in 0..<5 { try await below.put(.unique, content) }
            #expect(try await ours.list(after: nil, limit: 2).map(\.name) == [name])
            #expect(try await below.list(after: nil, limit: 10).count == 5)
        }
    }

    @Test("the path of an endpoint stands before bucket, prefix and name, and nothing unusual is sent")
    func subPath() async throws {
        let server = try ScriptedServer(Self.answer("200 OK", ""))
        let store = S3Store(bucket: Self.bucket(server.address, path: "/storage/v1/s3", prefix: "caresync"))
        let name = ObjectName.unique
        try await withFolder { folder in
            try await store.put(name, try await .holding(Array("hello".utf8), in: folder))
        }
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("PUT /storage/v1/s3/bucket/caresync/\(name.text) HTTP/1.1\r\n"))
        #expect(request.body == Array("hello".utf8))
        #expect(request.header("content-length") == "5")
        #expect(
            request.header("x-amz-content-sha256") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        )
        let names = request.head.split(separator: "\r\n").dropFirst()
            .compactMap { $0.split(separator: ":").first?.lowercased() }
        #expect(
            Set(names) == [
                "host", "content-length", "content-type", "x-amz-date", "x-amz-content-sha256", "authorization",
            ])
    }

    @Test("a store that does not answer is unavailable when the patience ends, whatever was asked")
    func silence() async throws {
        let listener = try SilentListener()
        let store = S3Store(bucket: Self.bucket(listener.address), patience: .milliseconds(200))
        try await withFolder { folder in
            for size in [1, 20 << 20] {
                let content = try await SpooledFile.holding([UInt8](repeating: 7, count: size), in: folder)
                for call in calls(store, content) {
                    #expect(await unavailable(call) == "The object store does not answer in time.")
                }
            }
        }
    }

    @Test("nobody at the address, and a reader whose store falls silent or hangs up")
    func gone() async throws {
        let nobody = S3Store(bucket: Self.bucket("http://127.0.0.1:1"))
        #expect(await unavailable { try await nobody.probe() } == "The object store cannot be reached.")
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
        for (answer, text) in [
            (ScriptedServer.Answer.sendAndHang(head), "The object store does not answer in time."),
            (.sendAndClose(head), "The object store ends the connection early."),
        ] {
            let server = try ScriptedServer(answer)
            let store = S3Store(bucket: Self.bucket(server.address), patience: .milliseconds(500))
            let content = try await store.get(.unique, range: nil)
            #expect(await unavailable { _ = try await content.collect() } == text)
        }
    }

    @Test("faults that pass are tried again with a signature of their own time")
    func repeating() async throws {
        let server = try ScriptedServer(
            Self.answer("503 Slow Down", Self.error("SlowDown")), .sendAndClose(""), Self.answer("200 OK", ""))
        let time = ManualTime()
        let ticking = TimeSource {
            time.advance(by: .seconds(1))
            return time.now
        }
        let store = S3Store(bucket: Self.bucket(server.address), time: ticking, patience: .seconds(60))
        try await withFolder { folder in
            try await store.put(.unique, try await .holding(sampleBytes(100_000), in: folder))
        }
        #expect(Set(server.requests.map { $0.header("x-amz-date") }).count == 3)
        #expect(Set(server.requests.map { $0.header("authorization") }).count == 3)
        #expect(server.requests.allSatisfy { $0.body.count == 100_000 })
    }

    @Test(
        "what a store refuses is told by its status and its own word only",
        arguments: [
            ("403 Forbidden", "AccessDenied", "The object store answers 403 AccessDenied."),
            (
                "403 Forbidden", "RequestTimeTooSkewed",
                "The object store answers 403 RequestTimeTooSkewed: the clock of this machine is wrong."
            ),
            (
                "301 Moved", "PermanentRedirect",
                "The object store answers 301 PermanentRedirect: endpoint or region is wrong."
            ),
            ("400 Bad", "no word&#10;at all", "The object store answers 400."),
            ("418 Teapot", "", "The object store answers 418."),
        ])
    func words(_ status: String, _ code: String, _ expected: String) async throws {
        let server = try ScriptedServer(Self.answer(status, Self.error(code)))
        let store = S3Store(bucket: Self.bucket(server.address))
        #expect(await unavailable { _ = try await store.get(.unique, range: nil) } == expected)
    }

    @Test(
        "an address that answers as something else is no store",
        arguments: [
            "<html><body>Welcome</body></html>", "", "{}", "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "<ListBucketResult>",
        ])
    func otherServer(_ body: String) async throws {
        let server = try ScriptedServer(Self.answer("200 OK", body))
        let store = S3Store(bucket: Self.bucket(server.address))
        #expect(
            await unavailable { try await store.probe() }
                == "The object store does not answer as S3 does: check the endpoint.")
    }

    @Test("a list that goes round in circles ends")
    func circles() async throws {
        let object = "<Key>a</Key><Size>1</Size><LastModified>2026-03-01T04:00:00.000Z</LastModified>"
        let server = try ScriptedServer(
            Self.answer(
                "200 OK",
                "<ListBucketResult><IsTruncated>true</IsTruncated><Contents>\(object)</Contents></ListBucketResult>"))
        let store = S3Store(bucket: Self.bucket(server.address))
        #expect(
            await unavailable { _ = try await store.list(after: nil, limit: 10) }
                == "The object store lists its objects in no order.")
        #expect(server.requests.count == 2)
    }

    @Test("a part of another length than was asked for is damage")
    func shortPart() async throws {
        let server = try ScriptedServer(Self.answer("206 Partial Content", "abc"))
        let store = S3Store(bucket: Self.bucket(server.address))
        await #expect(throws: ObjectRange.tooShort) { try await store.get(.unique, range: 0..<4) }
        let ignoring = try ScriptedServer(Self.answer("200 OK", "abcdef"))
        let second = S3Store(bucket: Self.bucket(ignoring.address))
        #expect(
            await unavailable { _ = try await second.get(.unique, range: 0..<4) } == "The object store answers 200.")
    }
}
