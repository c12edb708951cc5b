import CareSyncCore
import Documents
import Foundation
import Logging
import ObjectStorage
import Payments
import Persistence
import Razorpay
import RazorpayStandIn
import Settings
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
        output.line("payments: \(payments(loaded.configuration))")
        let isDatabaseWell = await checkDatabase(loaded.configuration)
        let isStorageWell = await checkStorage(loaded.configuration, asksDatabase: isDatabaseWell)
        return isDatabaseWell && isStorageWell
    }

    /// Who takes the money; asks nobody.
    private func payments(_ configuration: ServerConfiguration) -> String {
        if let account = configuration.payments.account { return "Razorpay, key \(account.keyID)" }
        guard configuration.mode == .development else { return "none; nothing can be paid online" }
        let folder = StandInFolder(dataDirectory: configuration.dataDirectory)
        let place = folder.known.map { "on \($0.address)" } ?? "that serve starts"
        return "the stand-in of Razorpay \(place), no money moves"
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

    private func checkStorage(_ configuration: ServerConfiguration, asksDatabase: Bool) async -> Bool {
        do {
            let store = configuration.storage.makeStore(time: .system, random: .system)
            try await store.probe()
            // A database that cannot be asked has been told of.
            var isNew = false
            if asksDatabase { isNew = try await isUnmarked(store, configuration) }
            output.line("storage: the store answers" + (isNew ? "; serve marks it as this installation's" : ""))
            return true
        } catch {
            output.line("storage: \(error)")
            return false
        }
    }

    /// Whether the store is yet to get the database's mark. Throws when the two do not belong together.
    private func isUnmarked(_ store: any ObjectStore, _ configuration: ServerConfiguration) async throws -> Bool {
        guard !isFileMissing(configuration.database) else { return false }
        let database = try configuration.openDatabase(logger: ConsoleLog.logger(.critical))
        do {
            var isMarked = true
            if try await Migrator(database: database, ledger: try Schema.ledger()).pending().isEmpty {
                isMarked = try await DocumentsFeature.isMarked(store, of: database)
            }
            await database.close()
            return !isMarked
        } catch {
            await database.close()
            throw error
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
