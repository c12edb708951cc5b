import CareSyncCore
import CareSyncTesting
import Crypto
import Cryptography
import Foundation
import NIOCore

@testable import ObjectStorage

/// The stores that one suite of rules is checked on.
enum StoreKind: String, CaseIterable, Sendable {
    case folder, s3
}

/// Gives `body` an empty store, and a folder for spooled files.
func withStore(
    _ kind: StoreKind, _ body: (_ store: any ObjectStore, _ folder: String) async throws -> Void
) async throws {
    try await withFolder { folder in
        switch kind {
        case .folder:
            let store = FolderStore(folder: folder + "/documents")
            try await store.setMark("test")
            try await body(store, folder)
        case .s3:
            let server = try await S3TestServer.shared
            try await body(S3Store(bucket: server.asBucket(), patience: .seconds(120)), folder)
        }
    }
}

extension S3TestServer {
    /// With a prefix of its own, so that tests do not see each other's objects.
    func asBucket(secretKey: String? = nil, name: String? = nil, prefix: String? = nil) -> S3Bucket {
        S3Bucket(
            endpoint: S3Bucket.Endpoint(isSecure: false, host: host, path: ""), name: name ?? bucket, region: region,
            prefix: prefix ?? "test-\(UUID().uuidString)", accessKey: accessKey,
            secretKey: SecretBytes(Array((secretKey ?? self.secretKey).utf8)))
    }
}

extension ObjectName {
    static var unique: ObjectName { ObjectName(random: .system) }
}

extension SpooledFile {
    /// A file with this content, in pieces of odd lengths.
    static func holding(_ bytes: [UInt8], in folder: String) async throws -> SpooledFile {
        let file = try SpooledFile(directory: folder)
        var rest = bytes[...]
        while !rest.isEmpty {
            try await file.append(ByteBuffer(bytes: rest.prefix(50_001)))
            rest = rest.dropFirst(50_001)
        }
        return file
    }
}

extension ObjectContent {
    /// Everything, after a look at the sizes of the chunks.
    func collect() async throws -> [UInt8] {
        var whole: [UInt8] = []
        for try await chunk in bytes {
            guard (1...65_536).contains(chunk.readableBytes) else { throw WrongChunk(size: chunk.readableBytes) }
            whole += chunk.readableBytesView
        }
        return whole
    }

    struct WrongChunk: Error {
        let size: Int
    }
}

/// Bytes that do not repeat soon.
func sampleBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    SeededRandom(seed: seed).source.bytes(count)
}

enum SampleHash {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
