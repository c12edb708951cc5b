import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Idempotency keys")
struct IdempotencyTests {
    private static func request(
        _ key: String = "key", principal: Int64 = 7, route: String = "POST /bookings", body: [UInt8] = [1, 2, 3]
    ) -> Idempotency<Int64> {
        Idempotency(principal: UserID(principal), route: route, key: key, bodyHash: body) { number in
            StoredResponse(status: 201, body: Array("{\"id\":\(number)}".utf8))
        } encodeFailure: { problem in
            StoredResponse(status: problem.kind.status, body: Array(problem.code.utf8))
        }
    }

    /// Inserts a sample; its id.
    private static func insert(_ db: any Connection) throws -> Int64 {
        var sample = Sample()
        sample.number = 1
        return try sample.insert(db)
    }

    private static func answer(_ outcome: Replayable<Int64>) -> StoredResponse? {
        guard case .stored(let answer) = outcome else { return nil }
        return answer
    }

    private static func count(_ database: any Database) async throws -> Int? {
        try await database.read { db in try db.value("SELECT count(*) FROM samples") }
    }

    @Test("a hundred parallel first uses take effect once and get the same bytes", arguments: DatabaseKind.available)
    func parallel(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let answers = try await withThrowingTaskGroup(of: StoredResponse?.self) { group in
                for _ in 0..<100 {
                    group.addTask { Self.answer(try await database.write(idempotency: Self.request(), Self.insert)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 100)
            #expect(Set(answers.map { $0?.body }).count == 1)
            #expect(answers.first??.status == 201)
            #expect(try await Self.count(database) == 1)
        }
    }

    @Test("the same key with another body is refused", arguments: DatabaseKind.available)
    func otherBody(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            _ = try await database.write(idempotency: Self.request(), Self.insert)
            await #expect(throws: IdempotencyError.keyReused) {
                try await database.write(idempotency: Self.request(body: [9]), Self.insert)
            }
            #expect(try await Self.count(database) == 1)
        }
    }

    @Test("a key belongs to one account and one route", arguments: DatabaseKind.available)
    func scope(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for request in [Self.request(), Self.request(principal: 8), Self.request(route: "POST /other")] {
                _ = try await database.write(idempotency: request, Self.insert)
            }
            #expect(try await Self.count(database) == 3)
        }
    }

    @Test("a deterministic failure is kept and repeated, its effects undone", arguments: DatabaseKind.available)
    func failure(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for _ in 0..<2 {
                let failure = await #expect(throws: StoredFailure.self) {
                    try await database.write(idempotency: Self.request()) { db in
                        _ = try Self.insert(db)
                        throw Problem(.conflict, "TAKEN", "It is taken.")
                    }
                }
                #expect(failure?.answer == StoredResponse(status: 409, body: Array("TAKEN".utf8)))
            }
            // The body is not even run again: this one would succeed.
            await #expect(throws: StoredFailure.self) {
                try await database.write(idempotency: Self.request(), Self.insert)
            }
            let count = try await Self.count(database)
            #expect(count == 0)
        }
    }

    @Test(
        "a failure that may pass is not kept", arguments: DatabaseKind.available,
        [ProblemKind.fault, .unavailable, .unauthenticated, .tooManyRequests, .failedDependency])
    func passingFailure(_ kind: DatabaseKind, _ problem: ProblemKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: Problem.self) {
                try await database.write(idempotency: Self.request()) { db in
                    _ = try Self.insert(db)
                    throw Problem(problem, "X", "X")
                }
            }
            let second = try await database.write(idempotency: Self.request(), Self.insert)
            #expect(Self.answer(second)?.status == 201)
            #expect(try await Self.count(database) == 1)
        }
    }

    @Test("an answer is kept for 48 hours", arguments: DatabaseKind.available)
    func expiry(_ kind: DatabaseKind) async throws {
        let time = ManualTime()
        try await withDatabase(kind, migrations: TestSchema.all, services: .testing(time: time)) { database in
            let first = try await database.write(idempotency: Self.request(), Self.insert)
            time.advance(by: .seconds(48 * 3600 - 1))
            let second = try await database.write(idempotency: Self.request(), Self.insert)
            #expect(Self.answer(first) == Self.answer(second))
            time.advance(by: .seconds(1))
            // By now the key is as good as new, also for another body.
            let third = try await database.write(idempotency: Self.request(body: [9]), Self.insert)
            #expect(Self.answer(third) != Self.answer(first))
            #expect(try await Self.count(database) == 2)
        }
    }

    @Test("the stored bytes are not readable in the database", arguments: DatabaseKind.available)
    func sealed(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            _ = try await database.write(idempotency: Self.request(), Self.insert)
            let sealed: [UInt8]? = try await database.read { db in try db.value("SELECT answer FROM idempotency_keys") }
            #expect(!String(decoding: sealed ?? [], as: UTF8.self).contains("id"))
        }
    }

    @Test("without a key it is a plain transaction", arguments: DatabaseKind.available)
    func withoutKey(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for _ in 0..<2 {
                guard case .fresh = try await database.write(idempotency: nil, Self.insert) else {
                    Issue.record("expected a fresh value")
                    continue
                }
            }
            #expect(try await Self.count(database) == 2)
        }
    }
}
