import CareSyncServer
import CareSyncTesting
import Foundation
import ObjectStorage
import Testing

@Suite("Where documents are kept")
struct StorageSettingsTests {
    private static let keys = ["CARESYNC_S3_ACCESS_KEY": "AKIAEXAMPLE", "CARESYNC_S3_SECRET_KEY": "h1dden/key+"]

    private func load(_ environment: [String: String]) throws -> LoadedConfiguration {
        try LoadedConfiguration.load(environment: environment, createsKeys: false)
    }

    private func mistakes(_ environment: [String: String]) throws -> [String] {
        do {
            _ = try load(environment)
            return []
        } catch let mistakes as ConfigurationMistakes {
            return mistakes.list
        }
    }

    @Test("a folder in the data folder unless told otherwise")
    func folder() throws {
        for (environment, expected) in [
            (["CARESYNC_DATA_DIR": "/srv/data"], "/srv/data/documents"),
            (["CARESYNC_STORAGE_URL": "folder:/mnt/documents"], "/mnt/documents"),
        ] {
            guard case .folder(let path) = try load(environment).configuration.storage else {
                Issue.record("\(environment) is no folder")
                continue
            }
            #expect(path == expected)
        }
    }

    @Test("a bucket, its endpoint with a path of its own, region, prefix and keys")
    func bucket() throws {
        let url =
            "s3://documents?endpoint=https://Project.supabase.example/storage/v1/s3/&region=ap-south-1&prefix=caresync"
        let loaded = try load(Self.keys.merging(["CARESYNC_STORAGE_URL": url]) { $1 })
        guard case .s3(let bucket) = loaded.configuration.storage else {
            Issue.record("It is no bucket.")
            return
        }
        #expect(bucket.endpoint.isSecure)
        #expect(bucket.endpoint.host == "project.supabase.example")
        #expect(bucket.endpoint.path == "/storage/v1/s3")
        #expect(bucket.name == "documents")
        #expect(bucket.region == "ap-south-1")
        #expect(bucket.prefix == "caresync/")
        #expect(bucket.accessKey == "AKIAEXAMPLE")
        #expect(!loaded.effective.contains { $0.value.contains("h1dden") || $0.value.contains("AKIA") })
    }

    @Test("what AWS has need not be said")
    func defaults() throws {
        let loaded = try load(Self.keys.merging(["CARESYNC_STORAGE_URL": "s3://documents?region=eu-west-1"]) { $1 })
        guard case .s3(let bucket) = loaded.configuration.storage else {
            Issue.record("It is no bucket.")
            return
        }
        #expect(bucket.endpoint.host == "s3.eu-west-1.amazonaws.com")
        #expect(bucket.prefix == "")
    }

    @Test("a port counts unless it is the scheme's")
    func ports() throws {
        for (endpoint, host) in [
            ("http://127.0.0.1:9000", "127.0.0.1:9000"), ("http://[::1]:9000", "[::1]:9000"),
            ("https://s3.example:443", "s3.example"), ("http://s3.example:443", "s3.example:443"),
        ] {
            let url = ["CARESYNC_STORAGE_URL": "s3://documents?endpoint=\(endpoint)"]
            guard case .s3(let bucket) = try load(Self.keys.merging(url) { $1 }).configuration.storage else {
                Issue.record("\(endpoint) is no endpoint")
                continue
            }
            #expect(bucket.endpoint.host == host)
        }
    }

    @Test(
        "an address that cannot be used is one mistake",
        arguments: [
            "folder:", "s3://", "s3://a/b", "s3://b?endpoint=ftp://host", "s3://b?endpoint=https://user:h1dden@host",
            "s3://b?endpoint=host", "s3://b?region=", "s3://b?region=a&region=b", "s3://b?region=a%20b",
            "s3://b?prefix=a//b", "s3://b?prefix=/a", "s3://b?prefix=../a", "s3://b?secret=h1dden",
            "s3://b?endpoint=https://host?x=y", "documents", "s3://b?prefix=\(String(repeating: "a", count: 201))",
        ])
    func wrong(_ url: String) throws {
        let found = try mistakes(Self.keys.merging(["CARESYNC_STORAGE_URL": url]) { $1 })
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("CARESYNC_STORAGE_URL ") == true)
        #expect(found.first?.contains("h1dden") == false)
    }

    @Test("a bucket needs its keys, and in production TLS")
    func needs() throws {
        let url = ["CARESYNC_STORAGE_URL": "s3://documents?endpoint=http://s3.example"]
        #expect(
            try mistakes(url) == [
                "CARESYNC_S3_ACCESS_KEY is required with s3://", "CARESYNC_S3_SECRET_KEY is required with s3://",
            ])
        #expect(try mistakes(url.merging(Self.keys) { $1 }).isEmpty)
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let production = [
            "CARESYNC_ENV": "production", "CARESYNC_PUBLIC_URL": "https://clinic.example", "CARESYNC_JWT_SECRET": key,
            "CARESYNC_ROOT_SECRET": key, "CARESYNC_ENCRYPTION_KEYS": "k1:\(key)",
        ].merging(Self.keys) { $1 }
        #expect(
            try mistakes(production.merging(url) { $1 }) == [
                "CARESYNC_STORAGE_URL must have an https endpoint in production"
            ])
        #expect(try mistakes(production.merging(["CARESYNC_STORAGE_URL": "s3://documents"]) { $1 }).isEmpty)
    }

    @Test("`check` asks the store, and shows no key")
    func check() async throws {
        let store = try await S3TestServer.shared
        let server = try LiveServer()
        try store.secretKey.write(toFile: server.directory + "/key", atomically: true, encoding: .utf8)
        var environment = [
            "CARESYNC_STORAGE_URL": "s3://\(store.bucket)?endpoint=http://\(store.host)&region=\(store.region)",
            "CARESYNC_S3_ACCESS_KEY": store.accessKey, "CARESYNC_S3_SECRET_KEY_FILE": server.directory + "/key",
        ]
        let well = try await server.command(["check"], environment: environment)
        #expect(well.status == 0)
        #expect(well.output.contains("storage: the store answers\n"))
        environment["CARESYNC_S3_SECRET_KEY_FILE"] = nil
        environment["CARESYNC_S3_SECRET_KEY"] = "h1dden"
        let wrong = try await server.command(["check"], environment: environment)
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("storage: The object store answers 403 SignatureDoesNotMatch.\n"))
        for text in [well.output, well.errors, wrong.output, wrong.errors] {
            #expect(!text.contains(store.accessKey) && !text.contains(store.secretKey) && !text.contains("h1dden"))
        }
    }

    @Test("`check` finds a folder that cannot be used, and makes none")
    func checkFolder() async throws {
        let server = try LiveServer()
        let well = try await server.command(["check"])
        #expect(well.status == 0)
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/data"))
        try Data().write(to: URL(fileURLWithPath: server.directory + "/file"))
        let wrong = try await server.command(
            ["check"], environment: ["CARESYNC_STORAGE_URL": "folder:\(server.directory)/file"])
        #expect(wrong.status == 1)
        #expect(
            wrong.output.contains("storage: The folder \(server.directory)/file cannot be read: Not a directory.\n"))
    }

    @Test("the first start marks the folder; `check` and the next start tell when it is not mounted")
    func unmounted() async throws {
        let server = try LiveServer()
        try await server.start()
        await server.stop()
        let folder = server.directory + "/data/documents"
        #expect(FileManager.default.fileExists(atPath: folder + "/installation"))
        let well = try await server.command(["check"])
        #expect(well.status == 0)
        #expect(well.output.contains("storage: the store answers\n"))
        try FileManager.default.removeItem(atPath: folder)
        let wrong = try await server.command(["check"])
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("storage: The documents' store lacks its mark, 'installation' with the text "))
        try await server.start()
        await server.stop()
        #expect(server.log.contains("the documents' store cannot be used"))
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
