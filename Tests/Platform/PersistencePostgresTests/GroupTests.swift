import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL work that travels together", .enabled(if: hasPostgres))
struct GroupTests {
    /// Whether it took effect.
    private func add(_ amount: Int, to account: Int, _ database: PostgresDatabase) async throws -> Bool {
        do {
            return try await database.send { db in
                let batch = Batch()
                let known = batch.count("SELECT 1 FROM accounts WHERE id = 2")
                try db.later(batch)
                try db.requireChange("UPDATE accounts SET balance = balance + \(amount) WHERE id = \(account)")
                return { try known.value == 1 }
            }
        } catch DatabaseFailure.unmetRequirement {
            return false
        }
    }

    @Test("transactions sent one behind the other stay transactions of their own")
    func transactions() async throws {
        try await withPostgres { database in
            let before = database.counters.roundTrips
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<240 {
                    group.addTask { try await add(1, to: number % 3 == 0 ? 99 : 1, database) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 160)
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 1")
            }
            #expect(balance == 260)
            // Alone, each costs one round trip.
            #expect(database.counters.roundTrips - before < 240)
        }
    }

    @Test("a body among others that needs an answer on its way gets it")
    func bodyWithAnswer() async throws {
        try await withPostgres { database in
            let seen = try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try await database.send { db in
                            let known: Int? = number % 2 == 0 ? 100 : try db.value("SELECT 50 + 50")
                            try db.requireChange("UPDATE accounts SET balance = balance + 1 WHERE id = 3")
                            return { known }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(seen == Array(repeating: 100, count: 60))
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 3")
            }
            #expect(balance == 160)
        }
    }

    @Test("an error of one body reaches its caller and nobody else")
    func bodyThatThrows() async throws {
        struct Refused: Error {}
        try await withPostgres { database in
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            try await database.send { db in
                                try db.requireChange("UPDATE accounts SET balance = balance + 1 WHERE id = 2")
                                if number % 4 == 0 { throw Refused() }
                                return {}
                            }
                            return false
                        } catch is Refused {
                            return true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 15)
            let balance: Int? = try await database.read { db in
                try db.value("SELECT balance FROM accounts WHERE id = 2")
            }
            #expect(balance == 145)
        }
    }

    @Test("reads sent together each get their own answer, also when one of them fails")
    func reads() async throws {
        try await withPostgres { database in
            let before = database.counters.roundTrips
            let answers = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            let value = try await database.fetch { batch in
                                let balance = batch.value(
                                    Int.self, "SELECT balance + \(number) FROM accounts WHERE id = 1")
                                if number % 50 == 0 { batch.count("SELECT 1 / (balance - balance) FROM accounts") }
                                return { try balance.value }
                            }
                            return (number, value)
                        } catch DatabaseFailure.other(code: "22012") {
                            return (number, nil)
                        }
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
            }
            for number in 0..<200 {
                #expect(answers[number] == (number % 50 == 0 ? nil : 100 + number))
            }
            #expect(database.counters.roundTrips - before < 200)
        }
    }
}
