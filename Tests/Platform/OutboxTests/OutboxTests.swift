import CareSyncCore
import CareSyncTesting
import Logging
import Outbox
import Persistence
import Synchronization
import Testing

@Suite("Outbox")
struct OutboxTests {
    /// What handlers have done.
    private final class Done: Sendable {
        private let subjects = Mutex<[String]>([])
        var all: [String] { subjects.withLock { $0 } }
        func add(_ item: OutboxItem) { subjects.withLock { $0.append(item.subject) } }
    }

    private static let policy = RetryPolicy(attempts: 4, firstDelay: .seconds(10), longestDelay: .seconds(30))

    private static func worker(_ database: any Database, _ handlers: OutboxHandler...) -> OutboxWorker {
        OutboxWorker(
            database: database, handlers: handlers, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func message(_ subject: String, version: Int64 = 1, due: Instant? = nil) -> OutboxMessage {
        OutboxMessage(kind: "mail", subject: subject, channel: "email", version: version, due: due)
    }

    private static func enqueue(_ database: any Database, _ messages: OutboxMessage...) async throws {
        try await database.write { db in
            for message in messages { try db.enqueue(message) }
        }
    }

    @Test("a message exists once per subject, kind, channel and version", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withDatabase(kind) { database in
            let worker = Self.worker(database, .effect("mail") { done.add($0) })
            try await Self.enqueue(database, Self.message("a"), Self.message("a"), Self.message("a", version: 2))
            #expect(try await worker.runOnce() == 2)
            // Also after it was carried out.
            try await Self.enqueue(database, Self.message("a"))
            #expect(try await worker.runOnce() == 0)
            #expect(done.all == ["a", "a"])
        }
    }

    @Test("messages wait until they are due", arguments: DatabaseKind.available)
    func dueOrder(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let worker = Self.worker(database, .effect("mail") { done.add($0) })
            let now = time.now
            try await Self.enqueue(
                database, Self.message("third", due: now + .minutes(3)), Self.message("first", due: now + .minutes(1)),
                Self.message("second", due: now + .minutes(2)))
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
            let handler = OutboxHandler.effect("mail", retry: Self.policy) { item in
                await gathering.join()
                if item.subject == "b" { throw Problem.unavailable }
                done.add(item)
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], batchSize: 3, isConcurrent: true,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await Self.enqueue(database, Self.message("a"), Self.message("b"), Self.message("c"))
            #expect(try await worker.runOnce() == 3)
            #expect(done.all.sorted() == ["a", "c"])
            let left: [String] = try await database.read { db in
                try db.values("SELECT subject FROM outbox WHERE done_at IS NULL AND claimed_until IS NULL")
            }
            #expect(left == ["b"])
            #expect(try await worker.runOnce(atMost: 0) == 0)
        }
    }

    @Test("a failing message is tried again ever later, then parked", arguments: DatabaseKind.available)
    func retries(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let handler = OutboxHandler.effect("mail", retry: Self.policy) { item in
                done.add(item)
                throw Problem.unavailable
            }
            let worker = Self.worker(database, handler)
            try await Self.enqueue(database, Self.message("a"))
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
            let (parked, reason) = try await database.read { db in
                let parked: Int? = try db.value(
                    "SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND attempts = 4")
                let reason: String? = try db.value("SELECT last_error FROM outbox")
                return (parked, reason)
            }
            #expect(parked == 1)
            #expect(reason == "UNAVAILABLE")
            #expect(done.all.count == 4)
        }
    }

    @Test("workers on two nodes carry out each message once", arguments: DatabaseKind.available)
    func twoWorkers(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withTestDatabase(kind) { test in
            try await test.withAnother { other in
                try await test.database.write { db in
                    for number in 0..<100 { try db.enqueue(Self.message("\(number)")) }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for database in [test.database, other] {
                        let worker = Self.worker(database, .effect("mail") { done.add($0) })
                        group.addTask { while try await worker.runOnce() > 0 {} }
                    }
                    try await group.waitForAll()
                }
                #expect(done.all.count == 100)
                #expect(Set(done.all).count == 100)
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
            let handler = OutboxHandler.transaction("mail", retry: Self.policy) { _, db in
                try db.insertSample(1)
                let fails = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw Undo() }
            }
            let worker = Self.worker(database, handler)
            try await Self.enqueue(database, Self.message("a"))
            for _ in 0..<5 {
                try await worker.runOnce()
                time.advance(by: .minutes(1))
            }
            let numbers = try await database.read { db in try db.sampleNumbers() }
            #expect(numbers == [1])
        }
    }

    @Test(
        "messages that may join share a transaction, and one that fails spoils no other",
        arguments: DatabaseKind.available)
    func joined(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let handler = OutboxHandler.transaction("mail", retry: Self.policy, isBatchable: true) { item, db in
                try db.insertSample(Int64(item.subject) ?? 0)
                if item.subject == "3", item.attempts < 2 { throw Undo() }
            }
            let worker = Self.worker(database, handler, .effect("other") { _ in })
            for number in 1...40 { try await Self.enqueue(database, Self.message("\(number)")) }
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

    @Test("a withdrawn message is not carried out", arguments: DatabaseKind.available)
    func withdrawn(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let worker = Self.worker(database, .effect("mail") { done.add($0) })
            let due = time.now + .hours(1)
            try await Self.enqueue(database, Self.message("gone", due: due), Self.message("stays", due: due))
            try await database.write { db in try db.withdraw(kind: "mail", subject: "gone") }
            time.advance(by: .hours(2))
            #expect(try await worker.runOnce() == 1)
            #expect(done.all == ["stays"])
        }
    }

    @Test("the claim of a worker that died ends after a minute", arguments: DatabaseKind.available)
    func deadWorker(_ kind: DatabaseKind) async throws {
        let (done, time) = (Done(), ManualTime())
        try await withDatabase(kind, services: .testing(time: time)) { database in
            let worker = Self.worker(database, .effect("mail") { done.add($0) })
            // The first worker claims the message, and while it works its claim runs out and a second one takes over.
            let slow = Self.worker(
                database,
                .effect("mail") { _ in
                    let early = try await worker.runOnce()
                    time.advance(by: .seconds(61))
                    let late = try await worker.runOnce()
                    #expect([early, late] == [0, 1])
                })
            try await Self.enqueue(database, Self.message("a"))
            #expect(try await slow.runOnce() == 1)
            #expect(done.all == ["a"])
            #expect(try await worker.runOnce() == 0)
        }
    }

    @Test("messages without a handler wait for a program that has one", arguments: DatabaseKind.available)
    func unknownKind(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withDatabase(kind) { database in
            try await Self.enqueue(database, Self.message("a"))
            #expect(try await Self.worker(database, .effect("other") { done.add($0) }).runOnce() == 0)
            #expect(try await Self.worker(database, .effect("mail") { done.add($0) }).runOnce() == 1)
        }
    }

    @Test("a message of a transaction that was undone is never carried out", arguments: DatabaseKind.available)
    func undone(_ kind: DatabaseKind) async throws {
        let done = Done()
        try await withDatabase(kind) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    try db.enqueue(Self.message("a"))
                    throw Undo()
                }
            }
            let ran = try await Self.worker(database, .effect("mail") { done.add($0) }).runOnce()
            #expect(ran == 0)
        }
    }
}
