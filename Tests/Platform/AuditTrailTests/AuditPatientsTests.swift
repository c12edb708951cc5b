import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import AuditTrail

@Suite("Audit rows by patient")
struct AuditPatientsTests {
    private static func entry(_ id: String, _ patients: Int64...) -> AuditEntry {
        AuditEntry(
            .readPHI, "records", id,
            by: RequestOrigin(principal: nil, requestID: "request", address: "192.0.2.1"),
            patients: patients.map { PatientID($0) })
    }

    /// Which rows are listed under which patient.
    private static func listed(_ database: any Database) async throws -> [String] {
        try await database.read { db in
            var lines: [String] = []
            try db.query(
                """
                SELECT p.patient_id, a.entity_id FROM audit_patients p
                JOIN audit_log a ON a.shard = p.shard AND a.sequence = p.sequence AND a.at = p.at
                ORDER BY p.patient_id, a.entity_id
                """
            ) { row in lines.append("\(try row.value("patient_id") as Int64) \(try row.value("entity_id") as String)") }
            return lines
        }
    }

    @Test("one row is about nobody, one patient or many, and is listed under each", arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { db in
                db.audit(Self.entry("nobody"))
                db.audit(Self.entry("one", 7))
                db.audit(Self.entry("many", 9, 7, 8, 7))
            }
            #expect(try await Self.listed(database) == ["7 many", "7 one", "8 many", "9 many"])
            let rows: [AuditRecord] = try await database.read { db in
                try db.all("SELECT \(AuditRecord.columns) FROM audit_log a ORDER BY a.sequence")
            }
            #expect(rows.map(\.content.patientIDs) == [[], [7], [7, 8, 9]])
            let report = try await AuditLog.testing().verifier(of: database).run()
            #expect(report.defect == nil)
            #expect(report.rows == 3)
        }
    }

    @Test("a list of five hundred patients is one row", arguments: DatabaseKind.available)
    func fiveHundred(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let entry = AuditEntry(
                .readPHI, "records", "", by: .system("test"), patients: (1...500).map { PatientID($0) })
            try await database.write { db in db.audit(entry) }
            let report = try await AuditLog.testing().verifier(of: database).run()
            #expect(report.defect == nil)
            #expect(report.rows == 1)
            #expect(try await Self.listed(database).count == 500)
        }
    }

    @Test("what was undone is not listed", arguments: DatabaseKind.available)
    func undone(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            await #expect(throws: Undo()) {
                try await database.write { db in
                    db.audit(Self.entry("one", 7))
                    throw Undo()
                }
            }
            let lines = try await Self.listed(database)
            #expect(lines.isEmpty)
        }
    }

    @Test(
        "nothing is taken out of the list, and the verifier names the row that was", arguments: DatabaseKind.available,
        [7, 8] as [Int64])
    func tampered(_ kind: DatabaseKind, _ victim: Int64) async throws {
        try await withDatabase(kind) { database in
            try await database.write { db in
                db.audit(Self.entry("a", 1))
                db.audit(Self.entry("b", 7))
                db.audit(Self.entry("c", 1, 8, 9))
                db.audit(Self.entry("d", 1))
            }
            let removal: SQL = "DELETE FROM audit_patients WHERE patient_id = \(victim)"
            await #expect(throws: DatabaseFailure.constraint(.trigger, name: "audit_log_is_append_only")) {
                try await database.write { db in _ = try db.run(removal) }
            }
            let open: SQL =
                kind == .postgres
                ? "ALTER TABLE audit_patients DISABLE TRIGGER ALL" : "DROP TRIGGER audit_patients_DELETE"
            try await database.write { db in
                for statement in [open, removal] { _ = try db.run(statement) }
            }
            let found: Int? = try await database.read { db in try db.value("SELECT min(shard) FROM audit_log") }
            let shard = try #require(found)
            let report = try await AuditLog.testing().verifier(of: database).run()
            #expect(
                report.defect == AuditDefect(shard: shard, sequence: victim == 7 ? 2 : 3, .unlisted))
        }
    }

    @Test("an audited read answers only what it has written down", arguments: DatabaseKind.available)
    func auditedRead(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let numbers = try await database.readAudited { db in
                (try db.sampleNumbers(), [Self.entry("seen", 7)])
            }
            #expect(numbers.isEmpty)
            #expect(try await Self.listed(database) == ["7 seen"])
            await #expect(throws: Undo()) {
                let _: Int = try await database.readAudited { _ in throw Undo() }
            }
            #expect(try await Self.listed(database) == ["7 seen"])
        }
        try await withDatabase(kind, services: DatabaseServices()) { database in
            await #expect(throws: DatabaseFailure.unavailable) {
                try await database.readAudited { _ in ((), [Self.entry("unseen", 7)]) }
            }
        }
    }
}
