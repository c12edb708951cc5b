import CareSyncTesting
import Outbox
import Persistence
import Testing

/// Rows that are only left behind, and transactions that depend on one change.
@Suite("Appended rows and required changes")
struct PipelinedTransactionTests {
    private func row(_ number: Int) -> AppendedRows {
        AppendedRows(into: "samples", "number", values: "\(number)")
    }

    private func insert(_ number: Int) -> SQL { "INSERT INTO samples (number) VALUES (\(number))" }

    private func numbers(_ database: any Database) async throws -> [Int64] {
        try await database.read { db in try db.sampleNumbers() }.sorted()
    }

    @Test("rows are there after the commit, however many", arguments: DatabaseKind.available, [1, 2, 8, 9, 40])
    func many(_ kind: DatabaseKind, _ count: Int) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                for number in 0..<count { try db.append(row(number)) }
            }
            #expect(try await numbers(database) == (0..<count).map(Int64.init))
        }
    }

    @Test(
        "a change that happens lets its rows be written, and answers come after the commit",
        arguments: DatabaseKind.available, [0, 1, 8, 9, 20])
    func changed(_ kind: DatabaseKind, _ count: Int) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let before = try await database.send { db in
                let batch = Batch()
                let before = batch.value(Int64.self, "SELECT count(*) FROM samples")
                try db.later(batch)
                try db.requireChange(insert(-1))
                for number in 0..<count { try db.append(row(number)) }
                return { try before.value }
            }
            #expect(before == 0)
            #expect(try await numbers(database) == (-1..<count).map(Int64.init))
        }
    }

    @Test(
        "a change that does not happen undoes everything, whatever came before it",
        arguments: DatabaseKind.available, [0, 1, 12])
    func unchanged(_ kind: DatabaseKind, _ count: Int) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for earlier in Earlier.allCases {
                await #expect(throws: DatabaseFailure.unmetRequirement) {
                    try await database.send { db in
                        switch earlier {
                        case .nothing: break
                        case .row: try db.append(row(1))
                        case .statement: try db.run(insert(2))
                        case .answer: _ = try db.sampleNumbers()
                        }
                        try db.requireChange("UPDATE samples SET ratio = 1 WHERE number = \(-1)")
                        for number in 0..<count { try db.append(row(number)) }
                        return {}
                    }
                }
            }
            let left = try await numbers(database)
            #expect(left.isEmpty)
        }
    }

    private enum Earlier: CaseIterable { case nothing, row, statement, answer }

    @Test("what follows a change that does not happen is never run", arguments: DatabaseKind.available)
    func followed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.unmetRequirement) {
                try await database.send { db in
                    try db.requireChange("UPDATE samples SET ratio = 1 WHERE number = \(-1)")
                    try db.append(row(1))
                    try db.run(insert(2))
                    return {}
                }
            }
            await #expect(throws: DatabaseFailure.unmetRequirement) {
                try await database.send { db in
                    try db.requireChange("UPDATE samples SET ratio = 1 WHERE number = \(-1)")
                    try db.requireChange(insert(3))
                    return {}
                }
            }
            let left = try await numbers(database)
            #expect(left.isEmpty)
        }
    }

    @Test("a change that comes to nothing is no event and no error to others", arguments: DatabaseKind.available)
    func others(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in _ = try db.run(insert(0)) }
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    let isThere = number % 3 == 0
                    group.addTask {
                        do {
                            try await database.send { db in
                                try db.requireChange(
                                    "UPDATE samples SET ratio = 1 WHERE number = \(isThere ? 0 : -1)")
                                try db.append(row(1))
                                return {}
                            }
                            return true
                        } catch DatabaseFailure.unmetRequirement {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 20)
            #expect(try await numbers(database).filter { $0 == 1 }.count == 20)
        }
    }

    @Test("a row that is refused fails the transaction under the rule's name", arguments: DatabaseKind.available)
    func refused(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let bad = AppendedRows(into: "people", "id, email, age", values: "1, 'a', 0")
            await #expect(throws: DatabaseFailure.constraint(.check, name: "people_age_positive")) {
                try await database.send { db in
                    try db.requireChange(insert(1))
                    try db.append(row(2))
                    try db.append(bad)
                    return {}
                }
            }
            await #expect(throws: DatabaseFailure.constraint(.check, name: "people_age_positive")) {
                try await database.write { db in
                    try db.run(insert(1))
                    try db.append(bad)
                }
            }
            let left = try await numbers(database)
            #expect(left.isEmpty)
        }
    }

    @Test("rows of a part that is undone are undone, and no others", arguments: DatabaseKind.available)
    func parts(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.append(row(1))
                do {
                    try db.savepoint {
                        try db.append(row(2))
                        try db.append(row(3))
                        throw Undo()
                    }
                } catch is Undo {}
                try db.append(row(4))
                try db.savepoint {
                    try db.append(row(5))
                    do {
                        try db.savepoint {
                            try db.append(row(6))
                            _ = try db.sampleNumbers()
                            throw Undo()
                        }
                    } catch is Undo {}
                }
                try db.append(row(7))
            }
            #expect(try await numbers(database) == [1, 4, 5, 7])
        }
    }

    @Test("rows that a query makes depend on the change like others", arguments: DatabaseKind.available, [true, false])
    func queried(_ kind: DatabaseKind, isChanged: Bool) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let list: [Int64] = [5, 6]
            let done = try? await database.send { db in
                try db.requireChange(
                    isChanged ? insert(1) : "UPDATE samples SET ratio = 1 WHERE number = \(-1)")
                try db.append(
                    AppendedRows(into: "samples", "number", query: "SELECT listed.* FROM \(in: list) AS listed"))
                return { true }
            }
            #expect(done == (isChanged ? true : nil))
            let left = try await numbers(database)
            #expect(left == (isChanged ? [1, 5, 6] : []))
        }
    }

    @Test("of one message that is enqueued twice there is one", arguments: DatabaseKind.available)
    func twice(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                let message = TestJob()
                try db.enqueue(message)
                try db.enqueue(message)
            }
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM outbox") }
            #expect(count == 1)
        }
    }
}
