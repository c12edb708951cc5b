import CareSyncCore
import CareSyncTesting
import Logging
import Persistence
import Testing

@testable import AuditTrail

@Suite("Audit rows by patient")
struct AuditByPatientTests {
    private struct Place: RowDecodable, Hashable {
        let patient: Int64
        let at: Instant
        let shard: Int
        let sequence: Int64

        init(row: Row) throws {
            patient = try row.value("patient_id")
            at = try row.value("at")
            shard = try row.value("shard")
            sequence = try row.value("sequence")
        }
    }

    private static func places(_ table: SQL, _ database: any Database) async throws -> [Place] {
        try await database.read { db in
            try db.all("SELECT patient_id, at, shard, sequence FROM \(table) WHERE patient_id IS NOT NULL")
        }
    }

    /// A row about a patient, and one that is about none.
    private static func write(_ ids: ClosedRange<Int64>, _ database: any Database) async throws {
        try await database.write { db in
            for id in ids {
                db.audit(Self.entry(id, patient: PatientID(1 + id % 7)))
                db.audit(Self.entry(id, patient: nil))
            }
        }
    }

    private static func entry(_ id: Int64, patient: PatientID?) -> AuditEntry {
        AuditEntry(
            .readPHI, "records", "\(id)",
            by: RequestOrigin(principal: nil, requestID: "request", address: "192.0.2.1"), patient: patient)
    }

    /// Whether the list holds exactly the log's rows about patients.
    private static func isComplete(_ database: any Database) async throws -> Bool {
        let (log, list) = (try await places("audit_log", database), try await places("audit_by_patient", database))
        return list.count == log.count && Set(list) == Set(log)
    }

    @Test("every row about a patient is listed once, however it grows", arguments: DatabaseKind.available)
    func complete(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            for last in [Int64(5), 40, 41] {
                try await Self.write((last - 4)...last, database)
                #expect(try await !Self.isComplete(database))
                for _ in 0..<2 { try await database.write { db in try AuditByPatient.complete(db) } }
                #expect(try await Self.isComplete(database))
            }
        }
    }

    @Test("more rows than are listed in one transaction take several", arguments: DatabaseKind.available)
    func manyRows(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            // Of one chain, because one transaction writes them: twice as many rows, and so two full runs.
            try await Self.write(1...Int64(AuditByPatient.mostRows), database)
            var more: [Bool] = []
            for _ in 0..<3 { more.append(try await database.write { db in try AuditByPatient.listSome(db) }) }
            #expect(more == [true, true, false])
            #expect(try await Self.isComplete(database))
        }
    }

    @Test("numbers that are missing do not hold it up", .timeLimit(.minutes(5)), arguments: DatabaseKind.available)
    func gap(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await Self.write(1...3, database)
            let far = Int64(AuditByPatient.mostRows) * 3
            let unprotected: [SQL] =
                kind == .postgres
                ? ["ALTER TABLE audit_log DISABLE TRIGGER ALL"] : ["DROP TRIGGER audit_log_UPDATE"]
            try await database.write { db in
                for sql in unprotected { _ = try db.run(sql) }
                try db.run("UPDATE audit_log SET sequence = sequence + \(far) WHERE sequence > 3")
            }
            try await database.write { db in try AuditByPatient.complete(db) }
            #expect(try await Self.isComplete(database))
        }
    }

    @Test("nodes that list and write at the same time leave nothing out", arguments: DatabaseKind.available)
    func atTheSameTime(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind) { test in
            try await test.withAnother(.testing(firstShard: 100)) { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for caller in 0..<40 as Range<Int64> {
                        let database = caller % 2 == 0 ? test.database : other
                        group.addTask { try await Self.write((caller * 10 + 1)...(caller * 10 + 10), database) }
                        group.addTask { try await database.write { db in try AuditByPatient.complete(db) } }
                    }
                    try await group.waitForAll()
                }
                try await other.write { db in try AuditByPatient.complete(db) }
                #expect(try await Self.isComplete(test.database))
                #expect(try await Self.places("audit_by_patient", other).count == 400)
            }
        }
    }

    @Test(
        "a running program lists by itself what it writes", .timeLimit(.minutes(5)), arguments: DatabaseKind.available)
    func byItself(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let listing = AuditByPatient(
                database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { await listing.run() }
            try await Self.write(1...5, database)
            while try await !Self.isComplete(database) { try await Task.sleep(for: .milliseconds(50)) }
            running.cancel()
            await running.value
        }
    }

    @Test("nothing is taken out of the list, and the verifier names a row that was", arguments: DatabaseKind.available)
    func tampered(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await Self.write(1...6, database)
            try await database.write { db in try AuditByPatient.complete(db) }
            let all = try await Self.places("audit_by_patient", database).sorted { $0.sequence < $1.sequence }
            let victim = all[3]
            let removal: SQL = "DELETE FROM audit_by_patient WHERE sequence = \(victim.sequence)"
            await #expect(throws: DatabaseFailure.constraint(.trigger, name: "audit_log_is_append_only")) {
                try await database.write { db in _ = try db.run(removal) }
            }
            let triggers: [SQL] =
                kind == .postgres
                ? ["ALTER TABLE audit_by_patient DISABLE TRIGGER ALL"] : ["DROP TRIGGER audit_by_patient_DELETE"]
            try await database.write { db in
                for statement in triggers + [removal] { _ = try db.run(statement) }
            }
            let report = try await AuditLog.testing().verifier(of: database).run()
            #expect(report.defect == AuditDefect(shard: victim.shard, sequence: victim.sequence, .unlisted))
        }
    }
}
