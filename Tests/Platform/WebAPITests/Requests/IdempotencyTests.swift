import CareSyncTesting
import Persistence
import Synchronization
import Testing
import WebAPI

@Suite("Idempotency-Key")
struct IdempotencyTests {
    private let toy = "{\"name\":\"Bear\",\"price\":12.5}"

    private func withToyDatabase(_ body: @Sendable (ToyClient, any Database) async throws -> Void) async throws {
        try await withDatabase(.sqlite, migrations: (TestSchema.platform + ToyFeature.migrations)) {
            database in
            try await ToyApp(database: database).test { try await body($0, database) }
        }
    }

    private func rows(_ database: any Database) async throws -> Int {
        try await database.read { db in try db.value("SELECT count(*) FROM toys") ?? -1 }
    }

    @Test("a repeated request gets the same bytes and adds nothing, its key quoted or bare")
    func replay() async throws {
        try await withToyDatabase { toys, database in
            let first = try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": "k-1"])
            #expect(first.status == 200)
            for key in ["k-1", "\"k-1\""] {
                let again = try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": key])
                #expect(again.status == 200)
                #expect(again.bytes == first.bytes)
                #expect(again.header("Content-Type") == first.header("Content-Type"))
            }
            #expect(try await rows(database) == 1)
            let other = try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": "k-2"])
            #expect(other.json["id"].int == 2)
        }
    }

    @Test("without a key each request counts, and its answer looks the same")
    func withoutKey() async throws {
        try await withToyDatabase { toys, database in
            let plain = try await toys.post("/api/toys", toy, as: "doctor")
            let keyed = try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": "k"])
            #expect(plain.text.replacing("\"id\":1", with: "\"id\":2") == keyed.text)
            #expect(try await rows(database) == 2)
        }
    }

    @Test("an answer with a status of its own keeps it")
    func status() async throws {
        try await withToyDatabase { toys, database in
            for _ in 0..<2 {
                let answer = try await toys.post("/api/toys/made", "", as: "doctor", headers: ["Idempotency-Key": "k"])
                #expect(answer.status == 201)
                #expect(answer.text == "{\"id\":1}")
            }
            #expect(try await rows(database) == 1)
        }
    }

    @Test("another body or query under the same key is 422")
    func otherBody() async throws {
        try await withToyDatabase { toys, database in
            let headers = ["Idempotency-Key": "k"]
            #expect(try await toys.post("/api/toys", toy, as: "doctor", headers: headers).status == 200)
            let other = toy.replacing("Bear", with: "Duck")
            try await toys.post("/api/toys", other, as: "doctor", headers: headers)
                .expectFailure(422, "IDEMPOTENCY_KEY_REUSED")
            try await toys.post("/api/toys?x=1", toy, as: "doctor", headers: headers)
                .expectFailure(422, "IDEMPOTENCY_KEY_REUSED")
            #expect(try await rows(database) == 1)
        }
    }

    @Test("a lasting failure is replayed byte by byte and leaves no row")
    func failure() async throws {
        try await withToyDatabase { toys, database in
            let broken = toy.replacing("Bear", with: "broken")
            let first = try await toys.post("/api/toys", broken, as: "doctor", headers: ["Idempotency-Key": "k"])
            #expect(first.status == 409)
            #expect(first.code == "TOY_BROKEN")
            #expect(first.json["parts"].int == 3)
            #expect(first.faultOfErrorBody(details: ["parts"]) == nil)
            let again = try await toys.post("/api/toys", broken, as: "doctor", headers: ["Idempotency-Key": "k"])
            #expect(again.status == 409)
            #expect(again.bytes == first.bytes)
            #expect(try await rows(database) == 0)
        }
    }

    @Test("a request that was refused before it was read is not remembered")
    func refusedFirst() async throws {
        try await withToyDatabase { toys, _ in
            let headers = ["Idempotency-Key": "k"]
            let malformed = try await toys.post("/api/toys", "{}", as: "doctor", headers: headers)
            let foreign = try await toys.post("/api/toys", toy, as: "patient", headers: headers)
            let good = try await toys.post("/api/toys", toy, as: "doctor", headers: headers)
            #expect([malformed.status, foreign.status, good.status] == [400, 403, 200])
        }
    }

    @Test(
        "a key is 1 to 255 visible ASCII characters",
        arguments: ["", "\"\"", " ", "a b", "\"a b\"", "schlüssel", "a\tb", String(repeating: "k", count: 256)])
    func badKey(_ key: String) async throws {
        try await withToyDatabase { toys, database in
            try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": key])
                .expectFailure(400, "INVALID_ARGUMENT", field: "Idempotency-Key")
            #expect(try await rows(database) == 0)
        }
    }

    @Test("the longest key is taken", arguments: [String(repeating: "k", count: 255), "\"", "~!\"'{}"])
    func goodKey(_ key: String) async throws {
        try await withToyDatabase { toys, _ in
            let answer = try await toys.post("/api/toys", toy, as: "doctor", headers: ["Idempotency-Key": key])
            #expect(answer.status == 200)
        }
    }

    @Test("a 403 from inside the transaction is recorded and charged, fresh and sent again")
    func refusals() async throws {
        try await withDatabase(.sqlite, migrations: TestSchema.platform + ToyFeature.migrations) {
            database in
            let denials = Denials()
            let app = try ToyApp(
                database: database, rateLimiter: RateLimiter(store: MemoryQuotas()), denials: denials.recorder)
            try await app.test { toys in
                let body = "{\"name\":\"forbidden\",\"price\":1}"
                for round in 1...3 {
                    let answer = try await toys.post("/api/toys", body, as: "doctor", headers: ["Idempotency-Key": "k"])
                    #expect(answer.status == 403)
                    #expect(answer.json["code"].string == "ACCESS_DENIED")
                    #expect(denials.codes == Array(repeating: "POST /api/toys ACCESS_DENIED", count: round))
                    // What the response says is left was counted before the refusal: 120 less ten for each before.
                    #expect(answer.header("RateLimit")?.contains("\"write-account\";r=\(129 - 10 * round);") == true)
                }
            }
        }
    }

    private final class Denials: Sendable {
        private let kept = Mutex<[String]>([])

        var codes: [String] { kept.withLock { $0 } }
        var recorder: DenialRecorder {
            DenialRecorder { [self] denial in kept.withLock { $0.append("\(denial.route) \(denial.code)") } }
        }
    }
}
