import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Batches")
struct BatchTests {
    @Test("a batch gives typed results, each to its own statement", arguments: DatabaseKind.available)
    func results(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                let batch = Batch()
                let none = batch.first(Sample.self, "SELECT \(Sample.columns) FROM samples")
                let inserted = batch.count("INSERT INTO samples (number) VALUES (1), (2), (3)")
                let ids = batch.count("INSERT INTO samples (number) VALUES (4), (5) RETURNING id")
                let updated = batch.count("UPDATE samples SET ratio = 0.5 WHERE number > \(3)")
                let untouched = batch.count("UPDATE samples SET ratio = 1.5 WHERE number > \(30)")
                let total = batch.value(Int64.self, "SELECT count(*) FROM samples")
                let all = batch.all(Sample.self, "SELECT \(Sample.columns) FROM samples ORDER BY number")
                let first = batch.first(Sample.self, "SELECT \(Sample.columns) FROM samples ORDER BY number DESC")
                #expect(throws: DatabaseFailure.self) { () throws in _ = try total.value }
                try batch.run(db)
                #expect(try none.value == nil)
                let counts = [try inserted.value, try ids.value, try updated.value, try untouched.value]
                #expect(counts == [3, 2, 2, 0])
                #expect(try total.value == 5)
                #expect(try all.value.map(\.number) == [1, 2, 3, 4, 5])
                #expect(try all.value.map(\.ratio) == [nil, nil, nil, 0.5, 0.5])
                #expect(try first.value?.number == 5)
            }
        }
    }

    @Test("an error in the middle of a batch undoes all of it", arguments: DatabaseKind.available)
    func errorInTheMiddle(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.constraint(.check, name: "people_age_positive")) {
                try await database.write { db in
                    let batch = Batch()
                    batch.count("INSERT INTO samples (number) VALUES (1)")
                    batch.count("INSERT INTO people (id, email, age) VALUES (1, 'a', 0)")
                    batch.count("INSERT INTO samples (number) VALUES (2)")
                    try batch.run(db)
                }
            }
            let numbers = try await database.write { db in
                try db.insertSample(3)
                return try db.sampleNumbers()
            }
            #expect(numbers == [3])
        }
    }

    @Test("a reader of rows that throws in a batch undoes all of it", arguments: DatabaseKind.available)
    func readerThrows(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    _ = try db.run(["INSERT INTO samples (number) VALUES (1) RETURNING id", "SELECT 1"]) { _, _ in
                        throw Undo()
                    }
                }
            }
            let numbers = try await database.write { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }
}
