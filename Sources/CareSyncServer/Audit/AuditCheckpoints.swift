import AuditTrail
import CareSyncCore
import Concurrency
package import Logging
package import Persistence
import Synchronization

/// Writes where the chains of the audit log stand: to a file outside the database, and to the log, which is usually
/// collected by another machine (rules/audit 4). Either shows later that rows were cut off.
package final class AuditCheckpoints: Sendable {
    private let database: any Database
    private let file: CheckpointFile
    private let logger: Logger
    /// The last sequence written of each chain.
    private let written = Mutex<[Int: Int64]>([:])

    package init(database: any Database, file: CheckpointFile, logger: Logger) {
        self.database = database
        self.file = file
        self.logger = logger
    }

    /// Every minute until it is cancelled, and then once more: what the program wrote while it stopped is covered too.
    package func run() async {
        await PeriodicTask("audit checkpoints", every: .seconds(60), logger: logger) { try await self.write() }.run()
        do {
            try await write()
        } catch {
            logger.error("the last audit checkpoints are missing", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// One checkpoint for each chain that has grown since the last ones of this process.
    package func write() async throws {
        let heads = try await database.read { db in try AuditCheckpoint.heads(db) }
        let known = written.withLock { $0 }
        let grown = heads.filter { known[$0.shard] != $0.sequence }
        guard !grown.isEmpty else { return }
        let now = database.services.time.now
        let lines = try await OwnThread.run("checkpoints") { [file] in try file.append(grown, at: now) }
        for line in lines { logger.notice("audit checkpoint", metadata: ["checkpoint": "\(line)"]) }
        written.withLock { for head in grown { $0[head.shard] = head.sequence } }
    }
}
