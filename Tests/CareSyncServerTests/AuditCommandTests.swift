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

    private static func checkpoint(_ sequence: Int64) -> AuditCheckpoint {
        AuditCheckpoint(shard: 3, sequence: sequence, head: [1, 2, 255])
    }

    private static func write(_ lines: some Sequence<String>, to file: CheckpointFile) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: file.path))
    }

    @Test("a line that was changed, put in, or signed under another key, is told by its number")
    func badLines() throws {
        let (file, other) = (try Self.file(), try Self.file(2))
        defer { for file in [file, other] { try? FileManager.default.removeItem(atPath: file.path) } }  // As above.
        let lines = try file.append([Self.checkpoint(120), Self.checkpoint(130)], at: Self.moment)
        let foreign = try other.append([Self.checkpoint(1)], at: Self.moment)[0]
        #expect(try file.read().count == 2)
        for bad in [lines[1].replacing("130", with: "129"), lines[0], foreign, "{}", ""] {
            try Self.write([lines[0], bad, lines[1]], to: file)
            #expect(throws: CheckpointFile.BadLine(path: file.path, line: 2)) { try file.read() }
        }
    }

    @Test("lines that were taken out in front or in the middle are missed", arguments: [0, 1, 2])
    func missingLines(_ missing: Int) throws {
        let file = try Self.file()
        defer { try? FileManager.default.removeItem(atPath: file.path) }  // As above.
        // By two writers, as after a restart.
        var lines = try file.append([Self.checkpoint(1), Self.checkpoint(2)], at: Self.moment)
        lines += try file.append([Self.checkpoint(3), Self.checkpoint(4)], at: Self.moment)
        #expect(try file.read().count == 4)
        lines.remove(at: missing)
        try Self.write(lines, to: file)
        #expect(throws: CheckpointFile.BadLine(path: file.path, line: missing + 1)) { try file.read() }
    }

    @Test("a line that a crash cut short is ignored, and cut off before the next one is added")
    func tornLine() throws {
        let file = try Self.file()
        defer { try? FileManager.default.removeItem(atPath: file.path) }  // As above.
        let line = try file.append([Self.checkpoint(120)], at: Self.moment)[0]
        for whole in ["", line + "\n"] {
            try Data((whole + line.prefix(40)).utf8).write(to: URL(fileURLWithPath: file.path))
            let count = whole.isEmpty ? 0 : 1
            #expect(try file.read().count == count)
            _ = try file.append([Self.checkpoint(121)], at: Self.moment)
            #expect(try file.read().count == count + 1)
        }
    }

    @Test("a clean stop writes the last checkpoints, and rows cut off after it are found")
    func cleanStop() async throws {
        try await withApp { app in
            let file = try Self.file()
            defer { try? FileManager.default.removeItem(atPath: file.path) }  // As above.
            let checkpoints = AuditCheckpoints(database: app.database, file: file, logger: app.logs.logger)
            _ = try await app.registerPatient()
            // It is told to stop before it has looked once.
            let stopping = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await checkpoints.run()
            }
            await stopping.value
            #expect(try file.read().count == 1)
            try await app.database.write { db in
                try db.run("DROP TRIGGER audit_log_DELETE")
                try db.run("DELETE FROM audit_log WHERE sequence = (SELECT max(sequence) FROM audit_log)")
            }
            let log = try #require(app.database.services.part(AuditLog.self))
            let report = try await log.verifier(of: app.database).run(checkpoints: file.read())
            #expect(report.defect?.kind == .truncated)
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
        _ = try file.append([AuditCheckpoint(shard: 0, sequence: 500, head: [1])], at: Self.moment)
        let cut = try await server.command(["audit", "verify", "--checkpoints", file.path])
        #expect(cut.status == 1)
        #expect(cut.output.contains("truncated"))

        let other = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let strange = ["CARESYNC_ROOT_SECRET": other]
        // The clean stop has left checkpoints, which are not this key's either.
        let unsigned = try await server.command(["audit", "verify"], environment: strange)
        #expect(unsigned.status == 1)
        #expect(unsigned.output.contains("line 1: not a checkpoint signed"))
        try FileManager.default.removeItem(atPath: server.directory + "/data/audit-checkpoints.jsonl")
        let stranger = try await server.command(["audit", "verify"], environment: strange)
        #expect(stranger.status == 1)
        #expect(stranger.output.contains("First bad row: shard"))

        let missing = try await server.command(["audit", "verify", "--checkpoints", "/nowhere"])
        #expect(missing.status == 1)
        #expect(missing.errors.contains("/nowhere cannot be opened: No such file or directory."), "\(missing.errors)")
    }
}
