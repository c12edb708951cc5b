import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Outbox

@Suite("Timers")
struct TimerTests {
    @Test("a withdrawn job is not carried out", arguments: DatabaseKind.available)
    func withdrawn(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let due = time.now + .hours(1)
            try await database.write { db in
                try db.enqueue(Note("gone"), due: due)
                try db.enqueue(Note("stays"), due: due)
            }
            try await database.write { db in try db.withdraw(Note("gone")) }
            time.advance(by: .hours(2))
            #expect(try await worker(database, done.effect).runOnce() == 1)
            #expect(done.all == ["stays"])
        }
    }

    @Test(
        "what is enqueued behind a withdrawal of the same key stays, at once or at a time",
        arguments: DatabaseKind.available, [false, true])
    func withdrawnAndEnqueued(_ kind: DatabaseKind, _ isTimer: Bool) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let due = time.now + .hours(1)
            try await database.write { db in try db.enqueue(Note("a"), due: due + .hours(1)) }
            try await database.write { db in
                // An effect before it, which a database may gather others with.
                try db.append(AppendedRows(into: "samples", "number", values: "1"))
                try db.withdraw(Note("a"))
                if isTimer { try db.enqueue(Note("a"), due: due) } else { try db.enqueue(Note("a")) }
            }
            let found: Instant? = try await database.read { db in try db.value("SELECT due_at FROM outbox") }
            #expect(found == (isTimer ? due : time.now))
        }
    }

    @Test("a timer that waits moves to the time it is given, earlier or later", arguments: DatabaseKind.available)
    func rearmed(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let worker = worker(database, done.effect)
            let start = time.now
            for minutes in [10, 30, 20] as [Int64] {
                try await database.write { db in try db.enqueue(Note("a"), due: start + .minutes(minutes)) }
            }
            time.advance(by: .minutes(19))
            #expect(try await worker.runOnce() == 0)
            time.advance(by: .minutes(1))
            #expect(try await worker.runOnce() == 1)
            // Once by its key, also after that.
            try await database.write { db in try db.enqueue(Note("a"), due: start + .minutes(40)) }
            time.advance(by: .hours(1))
            #expect(try await worker.runOnce() == 0)
            #expect(done.all == ["a"])
        }
    }

    @Test(
        "a timer that is being tried again is not hurried, and one that was given up stays so",
        arguments: DatabaseKind.available)
    func rearmedAfterFailure(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let failing = worker(
                database,
                .effect(Note.self, retry: RetryPolicy(attempts: 2, firstDelay: .hours(1), longestDelay: .hours(1))) {
                    _, _ in throw Problem.unavailable
                })
            let start = time.now
            try await database.write { db in try db.enqueue(Note("a"), due: start) }
            #expect(try await failing.runOnce() == 1)
            try await database.write { db in try db.enqueue(Note("a"), due: start) }
            #expect(try await failing.runOnce() == 0)
            time.advance(by: .hours(1))
            #expect(try await failing.runOnce() == 1)
            try await database.write { db in try db.enqueue(Note("a"), due: start + .days(1)) }
            time.advance(by: .days(2))
            #expect(try await failing.runOnce() == 0)
            #expect(try await database.texts("SELECT key FROM outbox WHERE parked_at IS NOT NULL") == ["a"])
        }
    }

    @Test("a timer that moves while it is carried out undoes that, and comes again", arguments: DatabaseKind.available)
    func rearmedWhileRunning(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let start = time.now
            let worker = worker(
                database,
                .effect(Note.self) { note, attempt in
                    if attempt.createdAt == time.now {
                        try await database.write { db in try db.enqueue(note, due: start + .hours(1)) }
                    }
                    return .done { db in try db.insertSample(time.now.seconds - start.seconds) }
                })
            try await database.write { db in try db.enqueue(Note("a"), due: start) }
            #expect(try await worker.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() }.isEmpty)
            time.advance(by: .hours(1))
            #expect(try await worker.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() } == [3600])
        }
    }
}
