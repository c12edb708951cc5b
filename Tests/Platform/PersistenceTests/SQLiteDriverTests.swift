import AuditTrail
import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import PersistenceSQLite
import Testing

@Suite("SQLite driver")
struct SQLiteDriverTests {
    @Test(
        "the writer keeps the settings that durability and safety need",
        arguments: [
            ("PRAGMA synchronous", "2"), ("PRAGMA journal_mode", "wal"), ("PRAGMA foreign_keys", "1"),
            ("PRAGMA trusted_schema", "0"),
        ] as [(SQL, String)])
    func settings(_ pragma: SQL, _ value: String) async throws {
        try await withSQLiteFile { database, _ in
            let found = try await database.write { db in
                var found = ""
                try db.query(pragma) { row in
                    if let number: Int = try? row.value(at: 0) {
                        found = "\(number)"
                    } else {
                        found = try row.value(at: 0)
                    }
                }
                return found
            }
            #expect(found == value)
        }
    }

    @Test("the file and its logs are for this account only")
    func fileMode() async throws {
        try await withSQLiteFile { _, path in
            for suffix in ["", "-wal", "-shm"] {
                let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(suffix)")
            }
        }
    }

    @Test("a file that takes no writes is unavailable, and no proof that writes are possible")
    func readOnly() async throws {
        try await withSQLiteFile { database, _ in
            #expect(await database.isServing(within: .seconds(60)))
            try await database.write { db in try db.query("PRAGMA query_only = 1") { _ in } }
            await #expect(throws: DatabaseFailure.storage(code: "SQLITE_READONLY")) {
                try await database.write { db in try db.insertSample(1) }
            }
            #expect(await !database.isServing(within: .seconds(60)))
            #expect(await database.isAnswering(within: .seconds(60)))
        }
    }

    @Test("a disk that is nearly full is no proof that writes are possible")
    func nearlyFull() async throws {
        try await withSQLiteFile { database, path in
            let other = try SQLiteDatabase(path: path, leastSpace: .max, services: .testing())
            #expect(await !other.isServing(within: .seconds(60)))
            #expect(await database.isServing(within: .seconds(60)))
            await other.close()
        }
    }

    @Test("closing leaves everything in the one file")
    func closing() async throws {
        try await withSQLiteFile { database, path in
            try await database.write { db in try db.insertSample(1) }
            await database.close()
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
            let again = try SQLiteDatabase(path: path, services: .testing())
            let numbers = try await again.read { db in try db.sampleNumbers() }
            #expect(numbers == [1])
            await again.close()
        }
    }

    @Test("closing twice, and from two tasks, returns")
    func closingTwice() async throws {
        try await withSQLiteFile { database, _ in
            async let first: Void = database.close()
            async let second: Void = database.close()
            _ = await (first, second)
        }
    }

    @Test("a read that asks for an audit entry fails, so that none is lost")
    func auditInRead() async throws {
        try await withSQLiteFile { database, _ in
            await #expect(throws: DatabaseFailure.self) {
                try await database.read { db in db.audit(AuditEntry(.readPHI, "a", "1", by: .system("test"))) }
            }
            try await database.write { db in db.audit(AuditEntry(.readPHI, "a", "1", by: .system("test"))) }
        }
    }

    @Test("more statements than the cache holds keep working")
    func manyStatements() async throws {
        try await withSQLiteFile { database, _ in
            let total = try await database.write { db in
                var total: Int64 = 0
                for round in 0..<2 {
                    for width in 1...400 {
                        let columns = SQL.joined((0..<width).map { "\(Int64($0))" }, separator: "+")
                        total += try db.value("SELECT \(columns)") ?? 0
                    }
                    #expect(total > Int64(round))
                }
                return total
            }
            #expect(total == 2 * (1...400).reduce(Int64(0)) { $0 + Int64($1 * ($1 - 1) / 2) })
        }
    }

    @Test("a statement sees the columns a migration added")
    func newColumns() async throws {
        try await withSQLiteFile { database, _ in
            try await database.write { db in
                try db.insertSample(1)
                try db.query("SELECT * FROM samples") { _ in }
                try db.run("ALTER TABLE samples ADD COLUMN extra INTEGER DEFAULT 5")
                try db.query("SELECT * FROM samples") { row in
                    let extra: Int = try row.value("extra")
                    #expect(extra == 5)
                }
            }
        }
    }

    @Test("a file that is no database is refused at the start")
    func noDatabase() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(repeating: 65, count: 10_000).write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) { _ = try SQLiteDatabase(path: path, services: .testing()) }
    }
}
