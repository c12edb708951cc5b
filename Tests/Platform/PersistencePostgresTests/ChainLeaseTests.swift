import AuditTrail
import CareSyncCore
import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("Audit chains of several processes on PostgreSQL", .enabled(if: hasPostgres))
struct ChainLeaseTests {
    private static func write(_ database: any Database, _ name: String) async throws {
        try await database.write { db in
            db.audit(AuditEntry(.readPHI, "records", name, by: .system("test"), patient: PatientID(1)))
        }
    }

    private static func chains(_ database: any Database, like name: String) async throws -> Set<Int> {
        Set(
            try await database.read { db in
                try db.values("SELECT DISTINCT shard FROM audit_log WHERE entity_id LIKE \(name)")
            } as [Int])
    }

    @Test("two processes at the same time never meet in a chain, and never fail for it")
    func apart() async throws {
        try await withTestDatabase(.postgres, services: .testing(firstShard: 250)) { test in
            try await test.withAnother(.testing(firstShard: 250)) { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for caller in 0..<400 {
                        let (database, name) = caller % 2 == 0 ? (test.database, "a") : (other, "b")
                        group.addTask { try await Self.write(database, "\(name)\(caller)") }
                    }
                    try await group.waitForAll()
                }
                let (one, two) = (
                    try await Self.chains(test.database, like: "a%"), try await Self.chains(test.database, like: "b%")
                )
                #expect(!one.isEmpty && !two.isEmpty)
                #expect(one.isDisjoint(with: two))
                let report = try await AuditLog.testing().verifier(of: other).run()
                #expect(report.defect == nil)
                #expect(report.rows == 400)
            }
        }
    }

    @Test("a process that has ended gives its chains back")
    func givenBack() async throws {
        try await withTestDatabase(.postgres, services: .testing(firstShard: 7)) { test in
            try await test.withAnother(.testing(firstShard: 100)) { try await Self.write($0, "ended") }
            // The server ends a connection a little after its client: wait for the lock, and give it back.
            try await test.database.read { db in
                try db.query("SELECT pg_advisory_lock(7241906, 100)") { _ in }
                try db.query("SELECT pg_advisory_unlock(7241906, 100)") { _ in }
            }
            try await test.withAnother(.testing(firstShard: 100)) { try await Self.write($0, "next") }
            let (ended, next) = (
                try await Self.chains(test.database, like: "ended"), try await Self.chains(test.database, like: "next")
            )
            #expect(ended == next)
        }
    }
}
