import CareSyncCore
import CareSyncTesting
import Logging
import Persistence
import Synchronization
import Testing

@testable import Outbox

@Suite("Durable subscribers")
struct DurableEventTests {
    private static func workers(_ database: any Database) throws -> OutboxWorkers {
        try OutboxWorkers(database: database, handlers: database.services.events.durableHandlers, logger: silent)
    }

    @Test("hear every event that was committed, once each, from the outbox", arguments: DatabaseKind.available)
    func hears(_ kind: DatabaseKind) async throws {
        let (events, done) = (EventHub(), Done())
        events.subscribe(to: Rang.self, durablyAs: "porter") { event, _ in done.add("porter \(event.bell)") }
        events.subscribe(to: Rang.self, inBatchesAs: "clerk") { events, _ in
            for event in events { done.add("clerk \(event.bell)") }
        }
        try await withDatabase(kind, services: .testing(events: events)) { database in
            try await database.write { db in
                for bell in [1, 1, 2] { try db.emit(Rang(bell: bell)) }
            }
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.emit(Rang(bell: 3))
                    throw Undo()
                }
            }
            #expect(done.all.isEmpty)
            try await Self.workers(database).runDue()
            let expected = [1, 1, 2].flatMap { ["clerk \($0)", "porter \($0)"] }
            #expect(done.all.sorted() == expected.sorted())
        }
    }

    @Test("one that fails is undone and hears the event again", arguments: DatabaseKind.available, [true, false])
    func repeats(_ kind: DatabaseKind, _ isBatch: Bool) async throws {
        let (events, time) = (EventHub(), ManualTime())
        let failures = Mutex(3)
        let body: @Sendable (Rang, any Connection) throws -> Void = { event, db in
            try db.insertSample(Int64(event.bell))
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw Undo() }
        }
        if isBatch {
            events.subscribe(to: Rang.self, inBatchesAs: "porter") { events, db in
                for event in events { try body(event, db) }
            }
        } else {
            events.subscribe(to: Rang.self, durablyAs: "porter", body)
        }
        try await withDatabase(
            kind, migrations: TestSchema.all, services: .testing(time: time, events: events)
        ) { database in
            try await database.write { db in try db.emit(Rang(bell: 7)) }
            for _ in 0..<5 {
                try await Self.workers(database).runDue()
                time.advance(by: .hours(7))
            }
            #expect(try await database.read { db in try db.sampleNumbers() } == [7])
        }
    }

    @Test("a kind that two parts handle stops the start with its name", arguments: DatabaseKind.available)
    func duplicate(_ kind: DatabaseKind) async throws {
        let events = EventHub()
        events.subscribe(to: Rang.self, durablyAs: Note.kind) { _, _ in }
        try await withDatabase(kind) { database in
            let handlers = events.durableHandlers + [Done().effect]
            #expect(throws: DuplicateJobKind(kind: "note")) {
                try OutboxWorkers(database: database, handlers: handlers, logger: silent)
            }
            #expect(DuplicateJobKind(kind: "note").description.contains("note"))
        }
    }

    @Test("a kind nobody handles waits, is logged, and shows among what waits", arguments: DatabaseKind.available)
    func unhandled(_ kind: DatabaseKind) async throws {
        let (done, logs) = (Done(), LogRecorder(level: .info))
        try await withDatabase(kind) { database in
            try await database.enqueue("a", "b")
            try await database.write { db in try db.enqueue(Errand(name: "c")) }
            let workers = try OutboxWorkers(
                database: database, handlers: [.effect(Errand.self) { _, _ in .done() }], logger: logs.logger)
            try await workers.reportUnhandled()
            try await workers.runDue()
            #expect(logs.text.contains("nobody handles"))
            #expect(logs.text.contains("note"))
            #expect(!logs.text.contains("errand"))
            let waiting = try await database.read { db in
                try OutboxAdministration(db: db).page(.pending, PageRequest(page: nil, size: nil))
            }
            #expect(waiting.items.map(\.key).sorted() == ["a", "b"])
            // A program that handles it carries it out.
            #expect(try await worker(database, done.effect).runOnce() == 2)
        }
    }
}
