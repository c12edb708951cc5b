import CareSyncCore
import CareSyncTesting
import Testing

@testable import Identity

@Suite("Whether an account exists")
struct SameWorkTests {
    private struct Work: Hashable {
        let status: Int
        let statements: Int
        let roundTrips: Int
    }

    /// Time is not measured: the hasher spends one check on a name nobody has (see its own tests), and the database is
    /// asked the same.
    @Test("a sign-in does the same work for known and unknown names, locked or not", arguments: DatabaseKind.available)
    func sameWork(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for name in ["asha", "ravi"] { _ = try await app.register(name) }
            let database = CountingDatabase(app.database)
            try await IdentityApp.run(app.test, database, app.clock, app.settings) { app in
                func work(_ name: String) async throws -> [Work] {
                    var work: [Work] = []
                    for _ in 0..<7 {
                        database.count.reset()
                        let status = try await app.logIn(name, "wrong").status
                        work.append(
                            Work(
                                status: status, statements: database.count.statements,
                                roundTrips: database.count.roundTrips))
                    }
                    return work
                }
                let known = try await work("asha")
                #expect(known.map(\.status) == [401, 401, 401, 401, 401, 429, 429])
                #expect(known.allSatisfy { $0.statements > 0 })
                for name in ["nobody", "ravi", "no body's name"] { #expect(try await work(name) == known) }
            }
        }
    }
}
