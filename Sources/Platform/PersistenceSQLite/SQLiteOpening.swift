import CSQLite
import Concurrency
import Foundation
import Persistence

/// A SQLite file that cannot be used at all: found while the program starts, so it may say where it looked.
package struct SQLiteStartFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Opens connections with the settings a clinic's data needs, and makes sure that they hold.
enum SQLiteOpening {
    static func prepareFile(_ path: String) throws {
        try DurableFile.makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        // Readable by this account only; the log files take their mode from this one.
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteStartFailure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        Glibc.close(descriptor)
    }

    /// Says in a sentence why the file cannot be used.
    static func explained<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let failure as DatabaseFailure {
            let reason =
                switch failure {
                case .other(code: "SQLITE_NOTADB"): "is not a SQLite database"
                case .other(let code): "cannot be used (\(code))"
                case .lockTimeout: "is locked by another program"
                default: "cannot be used (\(failure))"
                }
            throw SQLiteStartFailure(description: "\(path) \(reason).")
        }
    }

    static func writer(_ path: String) throws -> SQLiteHandle {
        let handle = try connect(path, SQLITE_OPEN_READWRITE)
        try handle.execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864")
        // Less than FULL loses the last commits when the power fails.
        try handle.execute("PRAGMA synchronous = FULL")
        // A page that many bookings change is copied into the file once per checkpoint: 16 MB of log between two
        // instead of 4. The cache holds the pages that are changed meanwhile; it takes memory as it fills.
        try handle.execute("PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768")
        try expect("synchronous", 2, of: handle)
        try expect("foreign_keys", 1, of: handle)
        var mode = ""
        try handle.step("PRAGMA journal_mode") { mode = try $0.value(at: 0) }
        guard mode == "wal" else { throw SQLiteStartFailure(description: "SQLite keeps journal_mode at \(mode).") }
        return handle
    }

    static func reader(_ path: String) throws -> SQLiteHandle {
        let handle = try connect(path, SQLITE_OPEN_READONLY)
        try handle.execute("PRAGMA query_only = 1")
        return handle
    }

    private static func connect(_ path: String, _ flags: Int32) throws -> SQLiteHandle {
        var pointer: OpaquePointer?
        // Without a lock of its own: each connection belongs to one thread.
        let code = sqlite3_open_v2(path, &pointer, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard let pointer else { throw SQLiteStartFailure(description: "There is no memory for SQLite.") }
        let handle = SQLiteHandle(pointer)
        guard code == SQLITE_OK else {
            throw SQLiteStartFailure(description: "\(path) cannot be opened (\(SQLiteError.name(of: code))).")
        }
        sqlite3_extended_result_codes(pointer, 1)
        // SQLite's own time-out waits longer and longer between tries, so a busy server would starve other processes.
        sqlite3_busy_handler(
            pointer,
            { _, tries in
                usleep(1_000)
                return tries < 5_000 ? 1 : 0
            }, nil)
        // "name" in quotes is a column or an error, never a text.
        csqlite_switch(pointer, SQLITE_DBCONFIG_DQS_DDL, 0)
        csqlite_switch(pointer, SQLITE_DBCONFIG_DQS_DML, 0)
        try handle.execute(
            """
            PRAGMA foreign_keys = ON; PRAGMA trusted_schema = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192
            """)
        return handle
    }

    private static func expect(_ name: String, _ value: Int64, of handle: SQLiteHandle) throws {
        var found: Int64?
        try handle.step(SQL(stringLiteral: "PRAGMA \(name)")) { found = try $0.value(at: 0) }
        guard found == value else {
            throw SQLiteStartFailure(description: "SQLite keeps \(name) at \(found.map(String.init) ?? "nothing").")
        }
    }
}
