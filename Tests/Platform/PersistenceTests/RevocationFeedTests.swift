import CareSyncCore
import CareSyncTesting
import Dispatch
import Testing

@testable import Persistence

@Suite("Revocations")
struct RevocationFeedTests {
    private static let kind = RevocationKind("thing")

    private static func revoke(_ subjects: [Int64], in database: any Database) async throws {
        try await database.write { db in try RevocationFeed.revoke(kind, subjects, db: db) }
    }

    @Test("a reader learns of each revocation once, of its own kind only", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await Self.revoke([1], in: database)
            let reader = RevocationReader(Self.kind)
            #expect(try await reader.news(in: database).subjects == [1])
            let nothing = try await reader.news(in: database)
            #expect(nothing.subjects.isEmpty && nothing.isComplete)
            try await Self.revoke(Array(2...1_200), in: database)
            try await database.write { db in try RevocationFeed.revoke(RevocationKind("other"), [9], db: db) }
            try await Self.revoke([2], in: database)
            #expect(try await reader.news(in: database).subjects.sorted() == [2] + Array(2...1_200))
            #expect(try await reader.news(in: database).subjects.isEmpty)
            #expect(try await RevocationReader(Self.kind).news(in: database).subjects.count == 1_201)
        }
    }

    @Test("a reading costs what is new, however much was revoked before", arguments: DatabaseKind.available)
    func plan(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let plan = try await QueryPlan.of(
                RevocationReader.unread(Self.kind, from: 1_000, database.dialect), in: database)
            #expect(plan.fullScans(except: ["f"]).isEmpty, "\(plan)")
            if kind == .postgres { #expect(plan.uses("revocations_unread"), "\(plan)") }
        }
    }

    @Test("what is rolled back was never revoked", arguments: DatabaseKind.available)
    func rolledBack(_ kind: DatabaseKind) async throws {
        struct Undo: Error {}
        try await withDatabase(kind) { database in
            let reader = RevocationReader(Self.kind)
            _ = try await reader.news(in: database)
            await #expect(throws: Undo.self) {
                try await database.write { db in
                    try RevocationFeed.revoke(Self.kind, [1], db: db)
                    throw Undo()
                }
            }
            try await Self.revoke([2], in: database)
            #expect(try await reader.news(in: database).subjects == [2])
        }
    }

    /// PostgreSQL alone commits in another order than it numbers.
    @Test(
        "a transaction that commits behind a later one is not missed, as it is by reading on from the last number",
        arguments: DatabaseKind.available.filter { $0 == .postgres })
    func lateCommit(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind) { test in
            try await test.withAnother { other in
                let reader = RevocationReader(Self.kind)
                _ = try await reader.news(in: test.database)
                let (written, isWritten) = AsyncStream.makeStream(of: Void.self)
                let mayCommit = DispatchSemaphore(value: 0)
                async let early: Void = other.write { db in
                    try RevocationFeed.revoke(Self.kind, [1], db: db)
                    isWritten.yield()
                    mayCommit.wait()
                }
                for await _ in written { break }
                try await Self.revoke([2], in: test.database)
                #expect(try await reader.news(in: test.database).subjects == [2])
                let last: Int64? = try await test.database.read { db in try db.value("SELECT max(id) FROM revocations")
                }
                mayCommit.signal()
                try await early
                #expect(try await reader.news(in: test.database).subjects == [1])
                let behind: [Int64] = try await test.database.read { db in
                    try db.values("SELECT subject FROM revocations WHERE id > \(last)")
                }
                #expect(behind.isEmpty)
            }
        }
    }

    @Test(
        "rows are deleted an hour later by the database's clock, whatever programs show",
        arguments: DatabaseKind.available)
    func purge(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let reader = RevocationReader(Self.kind)
            _ = try await reader.news(in: database)
            try await Self.revoke([1], in: database)
            time.advance(by: .days(400))
            try await database.write { db in try RevocationFeed.purge(db: db) }
            #expect(try await reader.news(in: database).subjects == [1])
            try await database.write { db in
                try db.run("UPDATE revocations SET at = \(Self.earlier(db.dialect))")
                try RevocationFeed.purge(db: db)
            }
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM revocations") }
            #expect(count == 0)
            try await Self.revoke([2], in: database)
            #expect(try await reader.news(in: database).subjects == [2])
        }
    }

    static func earlier(_ dialect: Dialect) -> SQL {
        dialect == .postgres ? "at - interval '61 minutes'" : "at - 3660000000"
    }
}
