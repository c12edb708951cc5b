import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@testable import Outbox

@Suite("Claims of outbox workers")
struct ClaimTests {
    @Test("looking for what is due reads the front of an index", arguments: DatabaseKind.available)
    func plan(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let plan = try await database.write { db in
                try QueryPlan.of(OutboxRepository(db: db).due(["note", "other"], 100), db)
            }
            #expect(plan.uses("outbox_due"), "\(plan)")
            #expect(plan.fullScans(except: ["front", "due"]).isEmpty, "\(plan)")
        }
    }

    @Test("the claim of a worker that died ends after a minute", arguments: DatabaseKind.available)
    func deadWorker(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let second = worker(database, done.effect)
            // The first worker claims the message, and while it works its claim runs out and a second one takes over.
            let slow = worker(
                database,
                .effect(Note.self) { _, _ in
                    let early = try await second.runOnce()
                    time.advance(by: .seconds(61))
                    let late = try await second.runOnce()
                    #expect([early, late] == [0, 1])
                    return .done()
                })
            try await database.enqueue("a")
            #expect(try await slow.runOnce() == 1)
            #expect(done.all == ["a"])
            #expect(try await second.runOnce() == 0)
        }
    }

    @Test("what an effect writes after its claim was lost is undone", arguments: DatabaseKind.available)
    func lostByEffect(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let second = worker(database, .effect(Note.self) { _, _ in .done { db in try db.insertSample(2) } })
            let slow = worker(
                database,
                .effect(Note.self) { _, _ in
                    time.advance(by: .seconds(61))
                    try await second.runOnce()
                    return .done { db in try db.insertSample(1) }
                })
            try await database.enqueue("a")
            #expect(try await slow.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() } == [2])
        }
    }

    @Test("a job whose message is withdrawn while it works is undone", arguments: DatabaseKind.available)
    func lostByTransaction(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let worker = worker(
                database,
                .transaction(Note.self) { note, db in
                    try db.insertSample(1)
                    // As another transaction may have done that ended just before the mark.
                    try db.withdraw(note)
                })
            try await database.enqueue("a")
            #expect(try await worker.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() }.isEmpty)
            #expect(try await database.texts("SELECT key FROM outbox WHERE done_at IS NULL") == ["a"])
        }
    }

    @Test("a beginning is recorded by one worker only", arguments: DatabaseKind.available)
    func beginning(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let second = worker(database, .effect(Note.self) { _, _ in .done() })
            let slow = worker(
                database,
                .effect(Note.self) { _, attempt in
                    time.advance(by: .seconds(61))
                    try await second.runOnce()
                    try await database.write { db in
                        try db.insertSample(1)
                        try db.renew(attempt)
                    }
                    return .done()
                })
            try await database.enqueue("a")
            #expect(try await slow.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() }.isEmpty)
        }
    }

    @Test("a long effect keeps its claim", .timeLimit(.minutes(10)), arguments: DatabaseKind.available)
    func renewed(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        let (renewed, hear) = AsyncStream.makeStream(of: Void.self)
        let (pauses, end) = AsyncStream.makeStream(of: Void.self)
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let second = worker(database, done.effect)
            let round = Mutex(0)
            let slow = OutboxWorker(
                database: database,
                handlers: [
                    .effect(Note.self) { _, _ in
                        // Each pause that ends renews, and the next one that begins says that it is done.
                        var pauses = renewed.makeAsyncIterator()
                        await pauses.next()
                        for _ in 0..<3 {
                            time.advance(by: .seconds(40))
                            end.yield()
                            await pauses.next()
                            let taken = try await second.runOnce()
                            #expect(taken == 0)
                        }
                        return .done()
                    }
                ], logger: silent,
                pause: { _ in
                    round.withLock { $0 += 1 }
                    hear.yield()
                    var ends = pauses.makeAsyncIterator()
                    await ends.next()
                    try Task.checkCancellation()
                })
            try await database.enqueue("a")
            #expect(try await slow.runOnce() == 1)
            #expect(round.withLock { $0 } == 4)
            #expect(done.all.isEmpty)
            #expect(try await database.texts("SELECT key FROM outbox WHERE done_at IS NOT NULL") == ["a"])
        }
    }

    @Test("control: without renewal another worker takes over a long effect", arguments: DatabaseKind.available)
    func notRenewed(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let second = worker(database, done.effect)
            let slow = worker(
                database,
                .effect(Note.self) { _, _ in
                    time.advance(by: .seconds(40))
                    let early = try await second.runOnce()
                    time.advance(by: .seconds(40))
                    let late = try await second.runOnce()
                    #expect([early, late] == [0, 1])
                    return .done()
                })
            try await database.enqueue("a")
            #expect(try await slow.runOnce() == 1)
            #expect(done.all == ["a"])
        }
    }
}
