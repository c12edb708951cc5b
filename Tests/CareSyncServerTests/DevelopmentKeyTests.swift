import CareSyncServer
import Cryptography
import Foundation
import Testing

@Suite("Development keys")
struct DevelopmentKeyTests {
    private func load(_ directory: String, createsKeys: Bool = true) throws -> LoadedConfiguration {
        try LoadedConfiguration.load(environment: ["CARESYNC_DATA_DIR": directory], createsKeys: createsKeys)
    }

    private func derived(_ loaded: LoadedConfiguration) -> [UInt8] {
        loaded.configuration.keys.root.derive(.link).bytes
    }

    @Test("they are made once, for the owner's eyes only, and found again")
    func madeOnce() throws {
        try withTemporaryDirectory { directory in
            let first = try load(directory)
            let second = try load(directory)
            #expect(derived(first) == derived(second))
            let names = try FileManager.default.contentsOfDirectory(atPath: directory + "/keys").sorted()
            #expect(names == ["encryption-keys", "jwt-secret", "root-secret"])
            for name in names {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/keys/" + name)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    @Test("many that start together agree on them")
    func startTogether() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: directory) }  // A folder that stays does no harm.
        let keys = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 { group.addTask { derived(try load(directory)) } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(keys.count == 1)
    }

    @Test("a command that only looks writes none")
    func improvised() throws {
        try withTemporaryDirectory { directory in
            _ = try load(directory, createsKeys: false)
            #expect(!FileManager.default.fileExists(atPath: directory + "/keys"))
        }
    }

    @Test("none are made for a configuration that is refused")
    func refused() throws {
        try withTemporaryDirectory { directory in
            #expect(throws: ConfigurationMistakes.self) {
                try LoadedConfiguration.load(environment: ["CARESYNC_DATA_DIR": directory, "CARESYNC_PORT": "x"])
            }
            #expect(!FileManager.default.fileExists(atPath: directory + "/keys"))
        }
    }
}
