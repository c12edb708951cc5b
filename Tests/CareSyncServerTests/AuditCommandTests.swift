import AuditTrail
import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Persistence
import Testing

@testable import CareSyncServer

@Suite("Checkpoints and verification of the audit log")
struct AuditCommandTests {
    private static func file(_ root: UInt8 = 1) throws -> CheckpointFile {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)")
            .path
        return CheckpointFile(path: path, root: try self.root(root))
    }

    private static func root(_ byte: UInt8) throws -> RootSecret {
        try RootSecret([UInt8](repeating: byte, count: 16) + [UInt8](repeating: 99, count: 16))
    }

    private static let moment = Instant(seconds: 1_773_115_200)

    @Test("checkpoints are written once for each chain that has grown, to the file and to the log")
    func writes() async throws {
        try await withApp { app in
            let file = try Self.file()
            defer { try? FileManager.default.removeItem(atPath: file.path) }  // A file that stays is in nobody's way.
            let checkpoints = AuditCheckpoints(database: app.database, file: file, logger: app.logs.logger)
            _ = try await app.registerPatient()
            try await checkpoints.write()
            try await checkpoints.write()
            #expect(try file.read().count == 1)
            _ = try await app.registerPatient()
            try await checkpoints.write()
            #expect(try file.read().count == 2)
            #expect(app.logs.text.components(separatedBy: "audit checkpoint").count == 3)

            let log = try #require(app.database.services.part(AuditLog.self))
            let report = try await log.verifier(of: app.database).run(checkpoints: file.read())
            #expect(report.defect == nil)
        }
    }

    @Test("a line that was changed, or signed under another key, is told by its number")
    func badLines() throws {
        let file = try Self.file()
        defer { try? FileManager.default.removeItem(atPath: file.path) }  // As above.
        let line = try file.text(AuditCheckpoint(shard: 3, sequence: 120, head: [1, 2, 255]), at: Self.moment)
        let foreign = try Self.file(2).text(AuditCheckpoint(shard: 3, sequence: 1, head: [1]), at: Self.moment)
        try file.append([line])
        #expect(try file.read().count == 1)
        for bad in [line.replacing("120", with: "119"), foreign, "{}", ""] {
            try FileManager.default.removeItem(atPath: file.path)
            try file.append([line, bad, line])
            #expect(throws: CheckpointFile.BadLine(path: file.path, line: 2)) { try file.read() }
        }
    }

    @Test("a line that a crash cut short is ignored, and cut off before the next one is added")
    func tornLine() throws {
        let file = try Self.file()
        defer { try? FileManager.default.removeItem(atPath: file.path) }  // As above.
        let line = try file.text(AuditCheckpoint(shard: 3, sequence: 120, head: [1, 2, 255]), at: Self.moment)
        for whole in ["", line + "\n"] {
            try Data((whole + line.prefix(40)).utf8).write(to: URL(fileURLWithPath: file.path))
            let count = whole.isEmpty ? 0 : 1
            #expect(try file.read().count == count)
            try file.append([line])
            #expect(try file.read().count == count + 1)
        }
    }

    @Test("the command finds a whole log whole, a cut one cut, and says so by its status")
    func command() async throws {
        let server = try LiveServer()
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        try await server.start()
        _ = try await server.get("/api/auth/check-availability")
        let admin = ["create-admin", "--username", "head.admin", "--email", "admin@clinic.example"]
        #expect(try await server.command(admin).status == 0)
        let whole = try await server.command(["audit", "verify"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.output.hasPrefix("The audit log is whole: 1 rows in 1 chains"))
        await server.stop()

        let secret = try String(contentsOfFile: server.directory + "/data/keys/root-secret", encoding: .utf8)
        let file = CheckpointFile(
            path: server.directory + "/kept.jsonl",
            root: try RootSecret(base64: secret.trimmingCharacters(in: .newlines)))
        try file.append([try file.text(AuditCheckpoint(shard: 0, sequence: 500, head: [1]), at: Self.moment)])
        let cut = try await server.command(["audit", "verify", "--checkpoints", file.path])
        #expect(cut.status == 1)
        #expect(cut.output.contains("truncated"))

        let other = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let stranger = try await server.command(["audit", "verify"], environment: ["CARESYNC_ROOT_SECRET": other])
        #expect(stranger.status == 1)
        #expect(stranger.output.contains("First bad row: shard"))

        let missing = try await server.command(["audit", "verify", "--checkpoints", "/nowhere"])
        #expect(missing.status == 1)
        #expect(!missing.errors.isEmpty)
    }
}
