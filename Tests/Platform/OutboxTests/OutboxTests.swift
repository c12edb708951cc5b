import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@testable import Outbox

@Suite("Outbox")
struct OutboxTests {
    @Test("a job exists once per kind and key", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withDatabase(kind) { database in
            let worker = worker(database, done.effect)
            try await database.enqueue("a", "a", "b")
            #expect(try await worker.runOnce() == 2)
            // Also after it was carried out.
            try await database.enqueue("a")
            #expect(try await worker.runOnce() == 0)
            #expect(done.all == ["a", "b"])
        }
    }

    @Test("messages wait until they are due", arguments: DatabaseKind.available)
    func dueOrder(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let worker = worker(database, done.effect)
            let now = time.now
            try await database.write { db in
                for (name, minutes) in [("third", 3), ("first", 1), ("second", 2)] as [(String, Int64)] {
                    try db.enqueue(Note(name), due: now + .minutes(minutes))
                }
            }
            #expect(try await worker.runOnce() == 0)
            for expected in [["first"], ["first", "second"], ["first", "second", "third"]] {
                time.advance(by: .minutes(1))
                #expect(try await worker.runOnce() == 1)
                #expect(done.all == expected)
            }
        }
    }

    /// Lets its visitors go on when so many are there.
    private actor Gathering {
        private let size: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []
        init(of size: Int) { self.size = size }

        func join() async {
            await withCheckedContinuation { visitor in
                waiting.append(visitor)
                guard waiting.count == size else { return }
                for visitor in waiting { visitor.resume() }
            }
        }
    }

    @Test(
        "a concurrent worker carries a batch out at the same time, and one that fails spoils no other",
        .timeLimit(.minutes(10)), arguments: DatabaseKind.available)
    func concurrent(_ kind: DatabaseKind) async throws {
        let (done, gathering) = (Done(), Gathering(of: 3))
        try await withDatabase(kind) { database in
            let handler = JobHandler.effect(Note.self, retry: testPolicy) { note, _ in
                await gathering.join()
                if note.name == "b" { throw Problem.unavailable }
                done.add(note.name)
                return .done()
            }
            let worker = worker(database, handler, batchSize: 3, isConcurrent: true)
            try await database.enqueue("a", "b", "c")
            #expect(try await worker.runOnce() == 3)
            #expect(done.all.sorted() == ["a", "c"])
            #expect(
                try await database.texts("SELECT key FROM outbox WHERE done_at IS NULL AND claimed_until IS NULL")
                    == ["b"])
            #expect(try await worker.runOnce(atMost: 0) == 0)
        }
    }

    @Test("a failing message is tried again ever later, then parked", arguments: DatabaseKind.available)
    func retries(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let handler = JobHandler.effect(Note.self, retry: testPolicy) { note, attempt in
                done.add("\(note.name) \(attempt.number) \(attempt.isLast)")
                throw Problem.unavailable
            }
            let worker = worker(database, handler)
            try await database.enqueue("a")
            for longest in [10, 20, 30] as [Int64] {
                #expect(try await worker.runOnce() == 1)
                // The delay lies in the upper half of its span.
                time.advance(by: .milliseconds(longest * 500 - 1))
                #expect(try await worker.runOnce() == 0)
                time.advance(by: .milliseconds(longest * 500 + 1))
            }
            #expect(try await worker.runOnce() == 1)
            time.advance(by: .days(10))
            #expect(try await worker.runOnce() == 0)
            #expect(
                try await database.texts("SELECT last_error FROM outbox WHERE parked_at IS NOT NULL AND attempts = 4")
                    == ["UNAVAILABLE"])
            #expect(done.all == ["a 1 false", "a 2 false", "a 3 false", "a 4 true"])
        }
    }

    @Test("workers on two nodes carry out each message once", arguments: DatabaseKind.available)
    func twoWorkers(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withTestDatabase(kind) { test in
            try await test.withAnother { other in
                try await test.database.write { db in
                    for number in 0..<100 { try db.enqueue(Note("\(number)")) }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for database in [test.database, other] {
                        let worker = worker(database, done.effect)
                        group.addTask { while try await worker.runOnce() > 0 {} }
                    }
                    try await group.waitForAll()
                }
                #expect(done.all.count == 100)
                #expect(Set(done.all).count == 100)
            }
        }
    }

    @Test("workers on two nodes settle each message of a batch once", arguments: DatabaseKind.available)
    func twoBatchWorkers(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, migrations: TestSchema.all) { test in
            try await test.withAnother { other in
                try await test.database.write { db in
                    for number in 0..<300 { try db.enqueue(Note("\(number)")) }
                }
                let handler = JobHandler.batch(Note.self) { notes, db in
                    for note in notes { try db.insertSample(Int64(note.name) ?? -1) }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for database in [test.database, other] {
                        let worker = worker(database, handler)
                        group.addTask { while try await worker.runOnce() > 0 {} }
                    }
                    try await group.waitForAll()
                }
                let numbers = try await other.read { db in try db.sampleNumbers() }
                #expect(numbers == Array(0..<300))
            }
        }
    }

    @Test(
        "a handler's transaction takes effect exactly once, also when it failed first",
        arguments: DatabaseKind.available)
    func exactlyOnce(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        let failures = Mutex(2)
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let handler = JobHandler.transaction(Note.self, retry: testPolicy) { _, db in
                try db.insertSample(1)
                let fails = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw Undo() }
            }
            let worker = worker(database, handler)
            try await database.enqueue("a")
            for _ in 0..<5 {
                try await worker.runOnce()
                time.advance(by: .minutes(1))
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [1])
        }
    }

    @Test(
        "messages of a batch share a transaction, and one that fails spoils no other",
        arguments: DatabaseKind.available)
    func batches(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        let failures = Mutex(2)
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let handler = JobHandler.batch(Note.self, retry: testPolicy) { notes, db in
                for note in notes {
                    try db.insertSample(Int64(note.name) ?? 0)
                    guard note.name == "3" else { continue }
                    let fails = failures.withLock { left in
                        left -= 1
                        return left >= 0
                    }
                    if fails { throw Undo() }
                }
            }
            let worker = worker(database, handler, .effect(Errand.self) { _, _ in .done() })
            for number in 1...40 { try await database.enqueue("\(number)") }
            // All are undone with the third; then a batch is carried out one by one, and the third waits.
            #expect(try await worker.runOnce() == 16)
            #expect(try await database.read { db in try db.sampleNumbers() }.count == 15)
            // Nothing spoils the rest.
            #expect(try await worker.runOnce() == 24)
            time.advance(by: .minutes(1))
            #expect(try await worker.runOnce() == 1)
            #expect(try await database.read { db in try db.sampleNumbers() }.sorted() == Array(1...40))
        }
    }

    @Test("a message of a transaction that was undone is never carried out", arguments: DatabaseKind.available)
    func undone(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withDatabase(kind) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.enqueue(Note("a"))
                    throw Undo()
                }
            }
            let ran = try await worker(database, done.effect).runOnce()
            #expect(ran == 0)
        }
    }
}
