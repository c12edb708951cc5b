import CareSyncCore
import Foundation
import Logging
import ObjectStorage
import Persistence
import WebAPI

extension Program {
    /// Applies the migrations that are missing, or lists them.
    package func migrate(isDryRun: Bool) async throws {
        let (configuration, logger) = try load(createsKeys: !isDryRun)
        if isDryRun, isFileMissing(configuration.database) {
            return list(try Schema.ledger(), heading: "would be applied")
        }
        let database = try configuration.openDatabase(logger: logger)
        do {
            let migrator = try Migrator(database: database, ledger: try Schema.ledger(), logger: logger)
            if isDryRun {
                list(try await migrator.pending(), heading: "would be applied")
            } else {
                list(try await migrator.run(), heading: "applied")
            }
            await database.close()
        } catch {
            await database.close()
            throw error
        }
    }

    /// The OpenAPI document, the same bytes on every machine: it depends on no configuration.
    package static func openAPI() async throws -> String {
        let loaded = try LoadedConfiguration.load(environment: [:], createsKeys: false)
        let system = try await CareSync(
            configuration: loaded.configuration, database: UnavailableDatabase(),
            logger: Logger(label: "openapi") { _ in SwiftLogNoOpLogHandler() })
        return try DocumentPages.document(of: system.endpoints).text
    }

    /// Prints the effective configuration and checks the database and the documents' store; writes nothing. Returns
    /// whether all is well.
    package func check() async throws -> Bool {
        let loaded = try LoadedConfiguration.load(environment: environment, createsKeys: false)
        let width = loaded.effective.map(\.name.count).max() ?? 0
        for (name, value) in loaded.effective {
            output.line(name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value)
        }
        for warning in loaded.warnings { output.line("warning: \(warning)") }
        let isDatabaseWell = await checkDatabase(loaded.configuration)
        let isStorageWell = await checkStorage(loaded.configuration)
        return isDatabaseWell && isStorageWell
    }

    private func checkDatabase(_ configuration: ServerConfiguration) async -> Bool {
        guard !isFileMissing(configuration.database) else {
            output.line("database: does not exist yet; serve creates it")
            return true
        }
        do {
            let database = try configuration.openDatabase(logger: ConsoleLog.logger(.critical))
            do {
                let pending = try await Migrator(database: database, ledger: try Schema.ledger()).pending()
                if pending.isEmpty { try await Installation(configuration.keys).verify(database) }
                await database.close()
                output.line("database: answers; \(pending.count) migrations are pending")
                return true
            } catch {
                await database.close()
                throw error
            }
        } catch {
            output.line("database: \(error)")
            return false
        }
    }

    private func checkStorage(_ configuration: ServerConfiguration) async -> Bool {
        do {
            try await configuration.storage.makeStore(time: .system, random: .system).probe()
            output.line("storage: the store answers")
            return true
        } catch {
            output.line("storage: \(error)")
            return false
        }
    }

    func isFileMissing(_ location: DatabaseLocation) -> Bool {
        guard case .sqlite(let path) = location else { return false }
        return !FileManager.default.fileExists(atPath: path)
    }

    private func list(_ migrations: [Migration], heading: String) {
        output.line("\(migrations.count) migrations \(heading)")
        for migration in migrations { output.line("  \(migration.name)") }
    }
}
