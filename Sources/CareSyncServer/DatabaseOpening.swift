package import CareSyncCore
import Foundation
package import Logging
package import Persistence
import PersistencePostgres
import PersistenceSQLite

extension ServerConfiguration {
    /// Opens the configured database. A missing SQLite file is created.
    package func openDatabase(
        time: TimeSource = .system, random: RandomSource = .system, logger: Logger
    ) throws -> any Database {
        let services = CareSync.databaseServices(keys, time: time, random: random)
        switch database {
        case .sqlite(let path): return try SQLiteDatabase(path: path, services: services)
        case .postgres(let url):
            return try PostgresDatabase(
                url: url, connections: databasePool, fetchers: ProcessInfo.processInfo.activeProcessorCount,
                services: services, logger: logger)
        }
    }
}

/// Stands in for a database where the system is built only to be described; every transaction fails.
struct UnavailableDatabase: Database {
    let dialect = Dialect.sqlite
    let services = DatabaseServices()

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value {
        throw DatabaseFailure.unavailable
    }

    func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        throw DatabaseFailure.unavailable
    }

    func runOutsideTransaction(_ sql: SQL) async throws { throw DatabaseFailure.unavailable }

    func close() async {}
}
