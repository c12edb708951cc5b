import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import PersistenceSQLite
import Synchronization
import Testing

@Suite("SQLite group commit")
struct SQLiteGroupCommitTests {
    @Test("a thousand concurrent transactions share few commits, and all are there")
    func sharedCommits() async throws {
        try await withSQLiteFile { database, path in
            let gate = Gate(1_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Keeps the writer busy until the others wait for it.
                group.addTask { try await database.write { _ in gate.wait() } }
                for number in 1...1_000 {
                    group.addTask {
                        gate.arrive()
                        try await database.write { db in try db.insertSample(Int64(number)) }
                    }
                }
                try await group.waitForAll()
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == Array(1...1_000))
            let commits = try walCommits(path)
            #expect(commits > 0 && commits < 250, "\(commits) commits")
        }
    }

    @Test("a transaction that fails in the middle of a batch disturbs no other")
    func failuresInBetween() async throws {
        try await withSQLiteFile { database, _ in
            let gate = Gate(200)
            let failed = try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask {
                    try await database.write { _ in gate.wait() }
                    return nil
                }
                for number in 1...200 {
                    group.addTask {
                        gate.arrive()
                        do {
                            try await database.write { db in
                                try db.insertSample(Int64(number))
                                if number % 7 == 0 { throw Undo() }
                                if number % 11 == 0 { try db.run("INSERT INTO people (id) VALUES (1)") }
                            }
                            return nil
                        } catch {
                            return number
                        }
                    }
                }
                return try await group.reduce(into: Set<Int>()) { if let number = $1 { $0.insert(number) } }
            }
            let failing = (1...200).filter { $0 % 7 == 0 || $0 % 11 == 0 }
            #expect(failed == Set(failing))
            let numbers = try await database.read { db in try db.sampleNumbers() }
            let others = (1...200).filter { !failing.contains($0) }
            #expect(numbers.map(Int.init) == others)
        }
    }

    @Test("when the shared transaction is lost, the others are run again and none gets a false answer")
    func lostBatch() async throws {
        try await withSQLiteFile { database, _ in
            let gate = Gate(50)
            let failed = try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask {
                    try await database.write { _ in gate.wait() }
                    return nil
                }
                for number in 1...50 {
                    group.addTask {
                        gate.arrive()
                        do {
                            try await database.write { db in
                                try db.insertSample(Int64(number))
                                // Ends the transaction of the whole batch, as a full disk does.
                                if number == 25 {
                                    try db.run("ROLLBACK")
                                    try? db.insertSample(-1)
                                }
                            }
                            return nil
                        } catch {
                            return number
                        }
                    }
                }
                return try await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
            }
            #expect(failed == [25])
            let numbers = try await database.read { db in try db.sampleNumbers() }
            let others = (1...50).filter { $0 != 25 }
            #expect(numbers.map(Int.init) == others)
        }
    }

    @Test("a transaction too large for the disk fails alone")
    func diskFull() async throws {
        try await withSQLiteFile { database, _ in
            try await database.write { db in
                let pages: Int64? = try db.value("PRAGMA page_count")
                try db.query(pages.map { $0 < 100 } == true ? "PRAGMA max_page_count = 100" : "SELECT 1") { _ in }
            }
            let gate = Gate(20)
            let failures = try await withThrowingTaskGroup(of: DatabaseFailure?.self) { group in
                group.addTask {
                    try await database.write { _ in gate.wait() }
                    return nil
                }
                for number in 1...20 {
                    group.addTask {
                        gate.arrive()
                        let content = [UInt8](repeating: 1, count: number == 10 ? 4_000_000 : 10)
                        do {
                            try await database.write { db in
                                _ = try db.run("INSERT INTO samples (number, content) VALUES (\(number), \(content))")
                            }
                            return nil
                        } catch let error as DatabaseFailure {
                            return error
                        }
                    }
                }
                return try await group.reduce(into: [DatabaseFailure]()) { if let failure = $1 { $0.append(failure) } }
            }
            #expect(failures == [DatabaseFailure.storage(code: "SQLITE_FULL")])
            let numbers = try await database.read { db in try db.sampleNumbers() }
            let others = (1...20).filter { $0 != 10 }
            #expect(numbers.map(Int.init) == others)
        }
    }

    @Test("two programs that write at the same time both succeed")
    func twoPrograms() async throws {
        try await withTestDatabase(.sqlite, migrations: TestSchema.all) { test in
            try await test.withAnother { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...400 {
                        let database = number.isMultiple(of: 2) ? test.database : other
                        group.addTask { try await database.write { db in try db.insertSample(Int64(number)) } }
                    }
                    try await group.waitForAll()
                }
                let numbers = try await other.read { db in try db.sampleNumbers() }
                #expect(numbers == Array(1...400))
            }
        }
    }

    /// The commits in the write-ahead log: frames whose header holds a database size, under the salt of the current log.
    private func walCommits(_ path: String) throws -> Int {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "-wal")))
        func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        guard bytes.count > 32 else { return 0 }
        let (pageSize, salt) = (number(8), Array(bytes[16..<24]))
        return stride(from: 32, to: bytes.count - 23, by: 24 + pageSize)
            .filter { number($0 + 4) > 0 && Array(bytes[$0 + 8..<$0 + 16]) == salt }.count
    }
}

/// Blocks a driver's thread until a number of tasks have come by.
private final class Gate: Sendable {
    private let left: Mutex<Int>
    private let opened = DispatchSemaphore(value: 0)

    init(_ count: Int) {
        left = Mutex(count)
    }

    func arrive() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { opened.signal() }
    }

    /// Stays open, because a driver may run a body again.
    func wait() {
        opened.wait()
        opened.signal()
    }
}

/// Gives `body` a SQLite database with the test tables, and its path.
func withSQLiteFile(
    readers: Int = 2, _ body: (SQLiteDatabase, String) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)")
    let path = folder.appendingPathComponent("a/b.sqlite").path
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = try SQLiteDatabase(path: path, readers: readers, services: .testing())
    do {
        try await Migrator(database: database, ledger: TestSchema.all).run()
        try await body(database, path)
    } catch {
        await database.close()
        throw error
    }
    await database.close()
}
