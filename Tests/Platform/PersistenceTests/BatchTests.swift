import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Batches and later statements")
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

    @Test("later statements run in order, before whatever follows them", arguments: DatabaseKind.available)
    func laterKeepsOrder(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let (seen, count) = try await database.write { db in
                try db.later("INSERT INTO samples (number) VALUES (1)")
                try db.later("UPDATE samples SET number = number + 10")
                try db.later("INSERT INTO samples (number) VALUES (2)")
                let seen = try db.sampleNumbers()
                try db.later("UPDATE samples SET number = number * 2")
                let count = try db.run("UPDATE samples SET ratio = 1 WHERE number = 22")
                try db.later("DELETE FROM samples WHERE number = 4")
                return (seen, count)
            }
            #expect(seen == [2, 11])
            #expect(count == 1)
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [22])
        }
    }

    @Test(
        "the error of a later statement surfaces before the caller hears of success", arguments: DatabaseKind.available)
    func laterFails(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.constraint(.check, name: "people_age_positive")) {
                try await database.write { db in
                    try db.insertSample(1)
                    try db.later("INSERT INTO people (id, email, age) VALUES (1, 'a', 0)")
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }

    @Test("answers of a batch that waited are there after the commit", arguments: DatabaseKind.available)
    func laterAnswers(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let (numbers, changed) = try await database.send { db in
                try db.insertSample(1)
                let batch = Batch()
                let changed = batch.count("UPDATE samples SET number = number + 1")
                let number = batch.value(Int.self, "SELECT number FROM samples")
                try batch.later(db)
                return { (try number.value, try changed.value) }
            }
            #expect(numbers == 2)
            #expect(changed == 1)
        }
    }

    @Test("a requirement that is met changes nothing; an unmet one undoes all", arguments: DatabaseKind.available)
    func requirement(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.insertSample(1)
                try db.require("SELECT 1 FROM samples WHERE number = 1")
            }
            await #expect(throws: DatabaseFailure.unmetRequirement) {
                try await database.write { db in
                    try db.insertSample(2)
                    try db.require("SELECT 1 FROM samples WHERE number = 3")
                    try db.insertSample(4)
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [1])
        }
    }

    @Test("an unmet requirement inside a savepoint undoes that part only", arguments: DatabaseKind.available)
    func requirementInPart(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.insertSample(1)
                do {
                    try db.savepoint {
                        try db.insertSample(2)
                        try db.require("SELECT 1 FROM samples WHERE number = 3")
                        try db.flush()
                    }
                } catch DatabaseFailure.unmetRequirement {
                    try db.insertSample(5)
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [1, 5])
        }
    }
}
