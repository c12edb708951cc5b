import AuditTrail
import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@Suite("Transactions")
struct TransactionTests {
    @Test("what a transaction wrote is seen by every later read", arguments: DatabaseKind.available)
    func readYourWrites(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for number in 1...100 {
                try await database.write { db in try db.insertSample(Int64(number)) }
                let last: Int? = try await database.read { db in try db.value("SELECT max(number) FROM samples") }
                #expect(last == number)
            }
        }
    }

    @Test("a body that throws undoes everything", arguments: DatabaseKind.available)
    func rollback(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.insertSample(1)
                    try db.run("INSERT INTO samples (number) VALUES (\(2))")
                    throw Undo()
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }

    @Test("a read cannot write", arguments: DatabaseKind.available)
    func readsDoNotWrite(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.self) {
                try await database.read { db in try db.insertSample(1) }
            }
            await #expect(throws: DatabaseFailure.self) {
                try await database.read { db in try db.nextID(TestSchema.allocator) }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
        }
    }

    @Test("a savepoint undoes its own part only, with events, audit and later work", arguments: DatabaseKind.available)
    func savepoint(_ kind: DatabaseKind) async throws {
        let heard = Mutex<[Int]>([])
        let events = EventHub()
        events.observe(NumberAdded.self) { event in heard.withLock { $0.append(event.number) } }
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(events: events)) { database in
            try await database.write { db in
                try add(1, db)
                do {
                    try db.savepoint {
                        try add(2, db)
                        try db.savepoint { try add(3, db) }
                        throw Undo()
                    }
                } catch is Undo {}
                try db.savepoint { try add(4, db) }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            let audited: [String] = try await database.read { db in
                try db.values("SELECT entity_id FROM audit_log ORDER BY sequence")
            }
            #expect(numbers == [1, 4])
            #expect(audited == ["1", "4"])
            #expect(heard.withLock { $0 } == [1, 4])
        }
    }

    @Test("a statement that failed inside a savepoint leaves the rest usable", arguments: DatabaseKind.available)
    func failureInSavepoint(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.insertSample(1)
                _ = try? db.savepoint { try db.run("INSERT INTO people (id, email) VALUES (1, NULL)") }
                try db.insertSample(2)
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [1, 2])
        }
    }

    @Test("allocated ids are unique among a hundred concurrent callers", arguments: DatabaseKind.available)
    func nextID(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, migrations: TestSchema.all) { test in
            try await test.withAnother { other in
                let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
                    for caller in 0..<100 {
                        let database = caller.isMultiple(of: 2) ? test.database : other
                        group.addTask {
                            try await database.write { db in
                                try (0..<5).map { _ in try db.nextID(TestSchema.allocator) }
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(Set(ids).count == 500)
                #expect(ids.allSatisfy { $0 >= 100 })
            }
        }
    }

    @Test("concurrent increments lose none", arguments: DatabaseKind.available)
    func increments(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in try db.insertSample(0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await database.write { db in _ = try db.run("UPDATE samples SET number = number + 1") }
                    }
                }
                try await group.waitForAll()
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [100])
        }
    }

    @Test("a closed database refuses work", arguments: DatabaseKind.available)
    func closed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await database.close()
            let refusal = await #expect(throws: Problem.self) {
                try await database.write { db in try db.insertSample(1) }
            }
            #expect(refusal?.kind == .unavailable)
            await #expect(throws: Problem.self) { try await database.read { db in try db.sampleNumbers() } }
        }
    }
}

struct NumberAdded: DomainEvent {
    let number: Int
}

/// Inserts a number, audits it, and tells.
func add(_ number: Int, _ db: any Connection) throws {
    try db.insertSample(Int64(number))
    db.audit(AuditEntry(.createPHI, "samples", "\(number)", by: .system("test")))
    try db.emit(NumberAdded(number: number))
}
