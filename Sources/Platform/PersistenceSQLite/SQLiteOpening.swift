import Foundation
import GRDB
import GRDBSQLite
import Persistence

/// Opens connections with the settings a clinic's data needs, and makes sure that they hold.
enum SQLiteOpening {
    struct WrongSetting: Error, CustomStringConvertible {
        let name: String
        let value: String

        var description: String { "SQLite keeps \(name) at \(value)." }
    }

    static func prepareFile(_ path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Readable by this account only; the log files take their mode from this one.
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path]) }
        Glibc.close(descriptor)
    }

    static func writer(_ path: String) throws -> DatabaseQueue {
        var configuration = common
        configuration.journalMode = .wal
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            // GRDB chooses NORMAL while it opens, which loses the last commits when the power fails.
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864")
            // A page that many bookings change is copied into the file once per checkpoint: 16 MB of log between two
            // instead of 4. The cache holds the pages that are changed meanwhile; it takes memory as it fills.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768")
            try expect(db, "synchronous", "2")
            try expect(db, "journal_mode", "wal")
            try expect(db, "foreign_keys", "1")
        }
        return queue
    }

    static func reader(_ path: String) throws -> DatabaseQueue {
        var configuration = common
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.unsafeRead { db in try db.execute(sql: "PRAGMA query_only = 1") }
        return queue
    }

    private static var common: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        // SQLite's own time-out waits ever longer between tries, so a busy server would never let another process in.
        configuration.busyMode = .callback { tries in
            usleep(1_000)
            return tries < 5_000
        }
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192")
        }
        return configuration
    }

    private static func expect(_ db: GRDB.Database, _ name: String, _ value: String) throws {
        let found = try GRDB.Row.fetchOne(db, sql: "PRAGMA \(name)").map { $0[0] as DatabaseValue }
        let text = found.flatMap { String.fromDatabaseValue($0) ?? Int64.fromDatabaseValue($0).map(String.init) }
        guard text == value else { throw WrongSetting(name: name, value: text ?? "nothing") }
    }
}
