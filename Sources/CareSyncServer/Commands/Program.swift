import CareSyncCore
import Foundation
import Logging
import Persistence

/// The commands of `caresync`, without the parsing of arguments. All of them read the same environment.
package struct Program: Sendable {
    let environment: [String: String]
    let output: StandardStreams

    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, output: StandardStreams = .output
    ) {
        self.environment = environment
        self.output = output
    }

    /// The configuration, after its warnings were logged, with a logger of the level it asks for.
    func load(createsKeys: Bool = true) throws -> (ServerConfiguration, Logger) {
        let loaded = try LoadedConfiguration.load(environment: environment, createsKeys: createsKeys)
        let logger = ConsoleLog.logger(loaded.configuration.logLevel)
        for warning in loaded.warnings { logger.warning("\(warning)") }
        return (loaded.configuration, logger)
    }

    /// Opens the configured database, migrates it, makes sure that the secrets are its own, and closes it after `body`.
    func withSystem<Value>(_ body: (CareSync) async throws -> Value) async throws -> Value {
        let (configuration, logger) = try load()
        let database = try configuration.openDatabase(logger: logger)
        do {
            for migration in try await Migrator(
                database: database, ledger: try Schema.ledger(), logger: logger
            ).run() {
                logger.notice("migrated", metadata: ["name": "\(migration.name)"])
            }
            try await Installation(configuration.keys).claim(database)
            let value = try await body(
                try await CareSync(configuration: configuration, database: database, logger: logger))
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }
}
