import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import AuditTrail

@Suite("Audit log")
struct AuditTests {
    private static let origin = RequestOrigin(
        principal: nil, requestID: "request", address: "192.0.2.1")

    private static func entry(_ id: String, patient: PatientID? = nil, reason: String? = nil) -> AuditEntry {
        AuditEntry(.readPHI, "records", id, by: origin, patient: patient, reason: reason)
    }

    /// The ids in the log, after every chain was found whole.
    private static func verified(_ database: any Database) async throws -> [String] {
        let report = try await AuditLog.testing().verifier(of: database).run()
        #expect(report.defect == nil)
        let ids: [String] = try await database.read { db in
            try db.values("SELECT entity_id FROM audit_log ORDER BY shard, sequence")
        }
        #expect(report.rows == Int64(ids.count))
        return ids
    }

    @Test(
        "entries form gapless chains in which every code follows from the row before", arguments: DatabaseKind.available
    )
    func chain(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<60 {
                    group.addTask {
                        try await database.write { db in
                            db.audit(Self.entry("\(caller)a", patient: PatientID(Int64(caller + 1))))
                            db.audit(Self.entry("\(caller)b", reason: caller.isMultiple(of: 2) ? "emergency" : nil))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(try await Self.verified(database)).count == 120)
        }
    }

    @Test("a transaction that was undone leaves neither an entry nor a gap", arguments: DatabaseKind.available)
    func undone(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<60 {
                    group.addTask {
                        _ = try? await database.write { db in
                            db.audit(Self.entry("\(caller)"))
                            if caller % 3 == 1 { throw Undo() }
                            // Fails at the latest with the commit, after the audit entry was written.
                            if caller % 3 == 2 {
                                try db.append(AppendedRows(into: "people", "id, email, age", values: "1, 'a', 0"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let expected = (0..<60).filter { $0 % 3 == 0 }.map { "\($0)" }
            #expect(Set(try await Self.verified(database)) == Set(expected))
        }
    }

    @Test("programs that begin with the same chain write whole chains", arguments: DatabaseKind.available)
    func sameChain(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, services: .testing(firstShard: 5)) { test in
            try await test.withAnother(.testing(firstShard: 5)) { other in
                for round in 0..<10 {
                    try await test.database.write { db in db.audit(Self.entry("\(round)a")) }
                    try await other.write { db in db.audit(Self.entry("\(round)b")) }
                }
                #expect(try await Self.verified(test.database).count == 20)
            }
        }
    }

    @Test("without an audit log an entry is refused, not lost", arguments: DatabaseKind.available)
    func noLog(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, services: DatabaseServices()) { database in
            await #expect(throws: DatabaseFailure.unavailable) {
                try await database.write { db in db.audit(Self.entry("a")) }
            }
        }
    }

    /// Some are undone by the database, some by their body, and some need an answer before they can go on.
    @Test("transactions undone among others leave the chains whole", arguments: DatabaseKind.available)
    func undoneAmongOthers(_ kind: DatabaseKind) async throws {
        struct Refused: Error {}
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let kept = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<240 {
                    group.addTask {
                        do {
                            return try await database.send { db in
                                if number % 2 == 0 { _ = try db.sampleNumbers() }
                                if number % 7 == 0 { throw Refused() }
                                try db.requireChange(
                                    number % 3 == 0
                                        ? "UPDATE samples SET ratio = 1 WHERE number = -1"
                                        : "INSERT INTO samples (number) VALUES (1)")
                                db.audit(Self.entry("\(number)"))
                                return { "\(number)" }
                            }
                        } catch DatabaseFailure.unmetRequirement {
                            return nil
                        } catch is Refused {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: Set<String>()) { if let id = $1 { $0.insert(id) } }
            }
            #expect(kept == Set((0..<240).filter { $0 % 3 != 0 && $0 % 7 != 0 }.map(String.init)))
            #expect(Set(try await Self.verified(database)) == kept)
        }
    }

    @Test("the database refuses to change or remove a row", arguments: DatabaseKind.available)
    func appendOnly(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { db in db.audit(Self.entry("1")) }
            var statements: [SQL] = ["UPDATE audit_log SET entity_id = '2'", "DELETE FROM audit_log"]
            if kind == .postgres { statements.append("TRUNCATE audit_log") }
            for sql in statements {
                await #expect(throws: DatabaseFailure.constraint(.trigger, name: "audit_log_is_append_only")) {
                    try await database.write { db in _ = try db.run(sql) }
                }
            }
            #expect(try await Self.verified(database) == ["1"])
        }
    }

    @Test("what changed is kept before and after, and is part of the chain", arguments: DatabaseKind.available)
    func states(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { db in
                db.audit(
                    AuditEntry(.adminAction, "users", "7", by: Self.origin, before: "ACTIVE", after: "INACTIVE"))
                db.audit(AuditEntry(.adminAction, "users", "8", by: Self.origin, after: "ACTIVE"))
            }
            #expect(try await Self.verified(database) == ["7", "8"])
            let after: [String] = try await database.read {
                try $0.values("SELECT state_after FROM audit_log ORDER BY sequence")
            }
            #expect(after == ["INACTIVE", "ACTIVE"])
        }
    }
}
