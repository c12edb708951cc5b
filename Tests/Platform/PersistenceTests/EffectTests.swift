import CareSyncTesting
import Outbox
import Persistence
import Testing

/// Changes that a driver may run together with others.
@Suite("Effects and required changes")
struct EffectTests {
    private func insert(_ number: Int) -> SQL { "INSERT INTO samples (number) VALUES (\(number))" }

    @Test("effects are there after the commit, however many", arguments: DatabaseKind.available, [1, 2, 4, 5, 9, 40])
    func many(_ kind: DatabaseKind, _ count: Int) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                for number in 0..<count { try db.effect(insert(number)) }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.sorted() == (0..<count).map(Int64.init))
        }
    }

    @Test("a change that happens lets its effects happen, before and behind it", arguments: DatabaseKind.available)
    func changed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let seen = try await database.send { db in
                try db.effect(insert(1))
                let batch = Batch()
                let before = batch.value(Int64.self, "SELECT count(*) FROM samples WHERE number = 3")
                try batch.later(db)
                try db.requireChange(insert(3))
                for number in 4...9 { try db.effect(insert(number)) }
                return { try before.value }
            }
            #expect(seen == 0)
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.sorted() == [1, 3, 4, 5, 6, 7, 8, 9])
        }
    }

    @Test("a change that does not happen undoes everything", arguments: DatabaseKind.available, [0, 1, 6])
    func unchanged(_ kind: DatabaseKind, _ effects: Int) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.unmetRequirement) {
                try await database.send { db in
                    try db.later(insert(1))
                    try db.requireChange("UPDATE samples SET ratio = 1 WHERE number = \(-1)")
                    for number in 0..<effects { try db.effect(insert(number)) }
                    return {}
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }

    @Test("a failing effect fails the transaction under its own name", arguments: DatabaseKind.available)
    func failing(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.constraint(.check, name: "people_age_positive")) {
                try await database.write { db in
                    try db.requireChange(insert(1))
                    try db.effect(insert(2))
                    try db.effect("INSERT INTO people (id, email, age) VALUES (1, 'a', 0)")
                    try db.effect(insert(3))
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }

    @Test("effects of a part that is undone are undone, and no others", arguments: DatabaseKind.available)
    func parts(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.effect(insert(1))
                do {
                    try db.savepoint {
                        try db.requireChange(insert(2))
                        try db.effect(insert(3))
                        throw Undo()
                    }
                } catch is Undo {}
                try db.effect(insert(4))
                try db.savepoint {
                    try db.effect(insert(5))
                    do {
                        try db.savepoint {
                            try db.effect(insert(6))
                            try db.flush()
                            throw Undo()
                        }
                    } catch is Undo {}
                }
                try db.effect(insert(7))
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.sorted() == [1, 4, 5, 7])
        }
    }

    @Test("of one row that two effects insert there is one", arguments: DatabaseKind.available)
    func twice(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                let message = OutboxMessage(kind: "kind", subject: "subject")
                try db.enqueue(message)
                try db.enqueue(message)
            }
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM outbox") }
            #expect(count == 1)
        }
    }
}
