import CareSyncCore
import Directory
import Documents
import Logging
import Persistence

extension Program {
    /// Wraps all data keys by the first key of the ring, and encrypts everything anew when asked to, beside running servers.
    /// Returns whether every key and value opened.
    package func rotateKeys(isDryRun: Bool, reencrypts: Bool) async throws -> Bool {
        let configuration = try LoadedConfiguration.load(environment: environment, createsKeys: false).configuration
        guard !isFileMissing(configuration.database) else {
            throw Refusal(description: "There is no database at \(configuration.database.shown).")
        }
        let logger = ConsoleLog.logger(configuration.logLevel)
        let database = try configuration.openDatabase(logger: logger)
        do {
            let rotation = try await CareSync.keyRotation(configuration, database: database, logger: logger) {
                StandardStreams.error.line($0)
            }
            let installation = Installation(configuration.keys)
            try await isDryRun ? installation.verify(database) : installation.claim(database)
            let isWhole = try await rotate(rotation, isDryRun: isDryRun, reencrypts: reencrypts)
            await database.close()
            return isWhole
        } catch {
            await database.close()
            throw error
        }
    }

    private func rotate(_ rotation: KeyRotation, isDryRun: Bool, reencrypts: Bool) async throws -> Bool {
        guard !isDryRun else {
            for line in try await rotation.survey() { output.line(line) }
            return true
        }
        var damaged: [String] = []
        let wrapped = try await rotation.rewrap()
        output.line("\(wrapped.changed) keys wrapped anew.")
        damaged += wrapped.damaged
        if reencrypts {
            let sealed = try await rotation.reencrypt()
            output.line("\(sealed.changed) values sealed anew.")
            damaged += sealed.damaged
        }
        for place in damaged { output.line(place) }
        return damaged.isEmpty
    }
}

extension CareSync {
    /// - Parameter report: is told how far the work has come.
    static func keyRotation(
        _ configuration: ServerConfiguration, database: any Database, logger: Logger,
        report: @escaping @Sendable (String) -> Void
    ) async throws -> KeyRotation {
        guard try await Migrator(database: database, ledger: try Schema.ledger()).pending().isEmpty else {
            throw Refusal(description: "The database is older than this program: run `caresync migrate` first.")
        }
        let vault = PatientVault(ring: configuration.keys.ring, random: database.services.random, logger: logger)
        return KeyRotation(
            database: database, vault: vault, columns: Schema.sealedColumns,
            others: [DocumentKeyRotation(ring: configuration.keys.ring, random: database.services.random).rewrap],
            wait: { try await Task.sleep(for: .seconds($0.seconds + 1)) }, report: report)
    }
}
