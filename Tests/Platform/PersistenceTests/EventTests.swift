import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@Suite("Events")
struct EventTests {
    @Test("a transactional subscriber writes in the same transaction", arguments: DatabaseKind.available)
    func transactional(_ kind: DatabaseKind) async throws {
        let events = EventHub()
        events.subscribe(to: NumberAdded.self) { event, db in try db.insertSample(Int64(event.number) * 10) }
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(events: events)) { database in
            let inside = try await database.write { db in
                try db.insertSample(1)
                try db.emit(NumberAdded(number: 1))
                return try db.sampleNumbers()
            }
            #expect(inside == [1, 10])
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.emit(NumberAdded(number: 2))
                    throw Undo()
                }
            }
            let after = try await database.read { db in try db.sampleNumbers() }
            #expect(after == [1, 10])
        }
    }

    @Test("a transactional subscriber that throws undoes everything", arguments: DatabaseKind.available)
    func subscriberThrows(_ kind: DatabaseKind) async throws {
        let heard = Mutex(0)
        let events = EventHub()
        events.observe(NumberAdded.self) { _ in heard.withLock { $0 += 1 } }
        events.subscribe(to: NumberAdded.self) { _, _ in throw Undo() }
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(events: events)) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.insertSample(1)
                    try db.emit(NumberAdded(number: 1))
                }
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers.isEmpty)
            #expect(heard.withLock { $0 } == 0)
        }
    }

    @Test(
        "a live observer hears after the commit, in order, and never of what was undone",
        arguments: DatabaseKind.available)
    func live(_ kind: DatabaseKind) async throws {
        let heard = Mutex<[Int]>([])
        let events = EventHub()
        events.observe(NumberAdded.self) { event in heard.withLock { $0.append(event.number) } }
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(events: events)) { database in
            let before = try await database.write { db in
                for number in 1...3 { try db.emit(NumberAdded(number: number)) }
                return heard.withLock { $0 }
            }
            #expect(before.isEmpty)
            // The caller is resumed after the observers.
            #expect(heard.withLock { $0 } == [1, 2, 3])
            _ = try? await database.write { db in
                try db.emit(NumberAdded(number: 4))
                throw Undo()
            }
            _ = try? await database.write { db in
                try db.emit(NumberAdded(number: 5))
                // Fails at the latest with the commit.
                try db.append(AppendedRows(into: "people", "id, email, age", values: "1, 'a', 0"))
            }
            try await database.write { db in try db.emit(NumberAdded(number: 6)) }
            #expect(heard.withLock { $0 } == [1, 2, 3, 6])
        }
    }
}
