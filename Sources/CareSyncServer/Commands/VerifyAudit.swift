import AuditTrail
import CareSyncCore
import Foundation
import Logging
import Persistence

extension Program {
    /// Checks every row of the audit log and names the first bad one. Returns whether all is well; writes nothing.
    ///
    /// - Parameter checkpoints: the file to compare with; `nil` takes the one in the data folder, if there is one.
    package func verifyAudit(checkpoints path: String?) async throws -> Bool {
        let configuration = try LoadedConfiguration.load(environment: environment, createsKeys: false).configuration
        guard !isFileMissing(configuration.database) else {
            throw Refusal(description: "There is no database at \(configuration.database.shown).")
        }
        let set: AuditCheckpointSet
        do {
            set = try checkpoints(path, configuration)
        } catch let bad as CheckpointFile.BadLine {
            output.line("\(bad)")
            return false
        }
        let database = try configuration.openDatabase(logger: ConsoleLog.logger(.critical))
        do {
            let isWhole = try await verify(database, against: set)
            await database.close()
            return isWhole
        } catch {
            await database.close()
            throw error
        }
    }

    private func checkpoints(_ path: String?, _ configuration: ServerConfiguration) throws -> AuditCheckpointSet {
        let standard = configuration.checkpointFile
        if let path { return try CheckpointFile(path: path, root: configuration.keys.root).read() }
        return FileManager.default.fileExists(atPath: standard.path) ? try standard.read() : AuditCheckpointSet()
    }

    private func verify(_ database: any Database, against checkpoints: AuditCheckpointSet) async throws -> Bool {
        guard try await Migrator(database: database, ledger: try Schema.ledger()).pending().isEmpty else {
            throw Refusal(description: "The database is older than this program: run `caresync migrate` first.")
        }
        guard let log = database.services.part(AuditLog.self) else { throw DatabaseFailure.unavailable }
        let step: Int64 = 250_000
        let report = try await log.verifier(of: database).run(checkpoints: checkpoints) { count in
            // Reads are far smaller than a step, so each step is told once.
            if count % step < 4096 && count >= step { StandardStreams.error.line("\(count) rows read") }
        }
        let what = "\(report.rows) rows in \(report.shards) chains, \(checkpoints.count) checkpoints"
        guard let defect = report.defect else {
            output.line("The audit log is whole: \(what).")
            return true
        }
        output.line("The audit log was tampered with (\(what)). First bad row: \(defect)")
        return false
    }
}

extension ServerConfiguration {
    /// Where this process keeps checkpoints of the audit log.
    var checkpointFile: CheckpointFile {
        CheckpointFile(path: dataDirectory + "/audit-checkpoints.jsonl", root: keys.root)
    }
}
