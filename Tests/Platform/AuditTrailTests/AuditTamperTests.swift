import CareSyncCore
import CareSyncTesting
import Crypto
import Persistence
import Testing

@testable import AuditTrail

@Suite("Tampering with the audit log")
struct AuditTamperTests {
    /// The one chain of these tests has so many rows.
    private static let length: Int64 = 12

    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let statements: [SQL]
        let sequence: Int64
        let kind: AuditDefect.Kind
        var testDescription: String { what }

        init(_ what: String, _ sequence: Int64, _ kind: AuditDefect.Kind, _ statements: [SQL]) {
            self.what = what
            self.sequence = sequence
            self.kind = kind
            self.statements = statements
        }
    }

    /// Rows are moved by way of negative numbers, because a number can be taken only once.
    private static func renumber(_ condition: SQL, by step: Int64) -> [SQL] {
        [
            "UPDATE audit_log SET sequence = -(sequence + \(step)) WHERE \(condition)",
            "UPDATE audit_log SET sequence = -sequence WHERE sequence < 0",
        ]
    }

    private static func swap(_ one: Int64, _ other: Int64) -> [SQL] {
        [
            "UPDATE audit_log SET sequence = \(-other) WHERE sequence = \(one)",
            "UPDATE audit_log SET sequence = \(one) WHERE sequence = \(other)",
            "UPDATE audit_log SET sequence = -sequence WHERE sequence < 0",
        ]
    }

    private static func copy(_ from: Int64, to place: Int64) -> SQL {
        """
        INSERT INTO audit_log (shard, sequence, at, action, entity, entity_id, outcome, request_id, address, mac)
        SELECT shard, CAST(\(place) AS bigint), at, action, entity, 'forged', outcome, request_id, address, mac
        FROM audit_log WHERE sequence = \(from)
        """
    }

    private static let editable: [(column: String, change: SQL)] = [
        ("at", "at = \(Instant(seconds: 1))"), ("actor_id", "actor_id = 9"), ("actor_id", "actor_id = 0"),
        ("actor_role", "actor_role = 'NOBODY'"), ("action", "action = 'SHRUG'"), ("entity", "entity = 'x'"),
        ("entity_id", "entity_id = 'x'"), ("patient_id", "patient_id = 9"), ("patient_id", "patient_id = 0"),
        ("outcome", "outcome = 'x'"), ("reason", "reason = ''"), ("request_id", "request_id = ''"),
        ("address", "address = ''"), ("state_before", "state_before = ''"), ("state_after", "state_after = 'x'"),
        ("user_agent", "user_agent = 'x'"), ("user_agent", "user_agent = NULL"),
        ("mac", "mac = (SELECT b.mac FROM audit_log b WHERE b.sequence = 2)"),
    ]

    private static let edits: [Case] = editable.map { column, change in
        Case("\(column) edited", 5, .edited, ["UPDATE audit_log SET \(change) WHERE sequence = 5"])
    }

    private static let removals: [Case] = [
        Case("a row removed", 5, .missing, ["DELETE FROM audit_log WHERE sequence = 5"]),
        Case("the first row removed", 1, .missing, ["DELETE FROM audit_log WHERE sequence = 1"]),
        Case(
            "a row removed and the rest renumbered", 5, .missing,
            ["DELETE FROM audit_log WHERE sequence = 5"] + renumber("sequence > 5", by: -1)),
        Case(
            "three rows removed and the rest renumbered", 1, .missing,
            ["DELETE FROM audit_log WHERE sequence <= 3"] + renumber("sequence > 3", by: -3)),
    ]

    private static let additions: [Case] = [
        Case("the last row edited", 12, .edited, ["UPDATE audit_log SET entity_id = 'x' WHERE sequence = 12"]),
        Case("a row put in", 5, .inserted, renumber("sequence >= 5", by: 1) + [copy(6, to: 5)]),
        Case("a row put in front", 1, .inserted, renumber("sequence >= 1", by: 1) + [copy(2, to: 1)]),
        Case("a row put before the first number", 0, .inserted, [copy(1, to: 0)]),
        Case("a row added at the end", 13, .edited, [copy(12, to: 13)]),
    ]

    private static let moves: [Case] = [
        Case("neighbours exchanged", 5, .reordered(at: 6), swap(5, 6)),
        Case("distant rows exchanged", 3, .reordered(at: 9), swap(3, 9)),
        Case("first and last exchanged", 1, .reordered(at: 12), swap(1, 12)),
    ]

    @Test(
        "a change is found, and the first bad row and what was done to it are named", arguments: DatabaseKind.available,
        edits + removals + additions + moves)
    func found(_ kind: DatabaseKind, _ example: Case) async throws {
        try await withChain(kind) { database, shard in
            #expect(try await Self.report(database).defect == nil)
            try await Self.tamper(with: database, example.statements)
            let defect = try await Self.report(database).defect
            #expect(defect == AuditDefect(shard: shard, sequence: example.sequence, example.kind))
        }
    }

    @Test("codes recomputed without the key are told from the row on", arguments: DatabaseKind.available)
    func recomputed(_ kind: DatabaseKind) async throws {
        try await withChain(kind) { database, shard in
            let rows: [AuditRecord] = try await database.read { db in
                try db.all("SELECT \(AuditRecord.columns) FROM audit_log a WHERE a.sequence >= 6 ORDER BY a.sequence")
            }
            let head: [UInt8]? = try await database.read {
                try $0.value("SELECT mac FROM audit_log WHERE sequence = 5")
            }
            var previous = try #require(head)
            var statements: [SQL] = []
            for row in rows {
                previous = Self.otherCode(
                    AuditCode.bytes(row.content, shard: shard, sequence: row.sequence, after: previous))
                statements.append("UPDATE audit_log SET mac = \(previous) WHERE sequence = \(row.sequence)")
            }
            try await Self.tamper(with: database, statements)
            #expect(try await Self.report(database).defect == AuditDefect(shard: shard, sequence: 6, .wrongKey))
        }
    }

    @Test("under another key nothing holds")
    func otherKey() async throws {
        try await withChain(.sqlite) { database, shard in
            let verifier = AuditLog(firstShard: 0, authenticate: Self.otherCode).verifier(of: database)
            let defect = try await verifier.run().defect
            #expect(defect == AuditDefect(shard: shard, sequence: 1, .wrongKey))
        }
    }

    @Test("rows cut off at the end are found by a checkpoint", arguments: DatabaseKind.available, [Int64(9), 1])
    func truncated(_ kind: DatabaseKind, _ first: Int64) async throws {
        try await withChain(kind) { database, shard in
            let checkpoints = try await Self.checkpoints(database)
            #expect(try await Self.report(database, checkpoints).defect == nil)
            try await Self.tamper(with: database, ["DELETE FROM audit_log WHERE sequence >= \(first)"])
            #expect(try await Self.report(database).defect == nil)
            let defect = try await Self.report(database, checkpoints).defect
            #expect(defect == AuditDefect(shard: shard, sequence: first, .truncated))
        }
    }

    /// On SQLite, where one thread writes every row and so to one chain.
    @Test("a log that was cut and grew again differs from its old checkpoint")
    func regrown() async throws {
        try await withTestDatabase(.sqlite) { test in
            try await Self.write(1...Self.length, test.database)
            var checkpoints = try await Self.checkpoints(test.database)
            try await Self.tamper(with: test.database, ["DELETE FROM audit_log WHERE sequence >= 9"])
            try await test.withAnother { restarted in
                try await Self.write(101...110, restarted)
                for head in try await restarted.read({ db in try AuditCheckpoint.heads(db) }) {
                    checkpoints.insert(head)
                }
                let defect = try await Self.report(restarted, checkpoints).defect
                #expect(defect == AuditDefect(shard: 0, sequence: 12, .truncated))
            }
        }
    }

    @Test("many chains are read, and the lowest bad one is named", arguments: DatabaseKind.available)
    func manyChains(_ kind: DatabaseKind) async throws {
        try await withTestDatabase(kind) { test in
            for shard in [3, 70, 200, 255, 9, 41] {
                try await test.withAnother(.testing(firstShard: shard)) { other in
                    for id in 1...Self.length {
                        try await other.write { db in db.audit(Self.entry(id)) }
                    }
                }
            }
            let whole = try await Self.report(test.database)
            #expect(whole.defect == nil)
            #expect(whole.rows == 6 * Self.length)
            let bad: [Int] = try await test.database.read { db in
                try db.values("SELECT DISTINCT shard FROM audit_log WHERE sequence >= 3 ORDER BY shard")
            }
            try await Self.tamper(with: test.database, ["UPDATE audit_log SET entity = 'x' WHERE sequence = 3"])
            #expect(try await Self.report(test.database).defect?.shard == bad.first)
        }
    }

    @Test(
        "chains longer than one read are followed, and a change beyond it is diagnosed",
        arguments: DatabaseKind.available)
    func longChain(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await Self.write(1...9000, database)
            let whole = try await Self.report(database)
            #expect(whole.rows == 9000 && whole.defect == nil)
            try await Self.tamper(with: database, Self.swap(4096, 8500))
            #expect(try await Self.report(database).defect?.sequence == 4096)
            #expect(try await Self.report(database).defect?.kind == .reordered(at: 8500))
        }
    }

    // MARK: Support

    /// One chain of ``length`` rows, and its number.
    private func withChain(
        _ kind: DatabaseKind, _ body: (_ database: any Database, _ shard: Int) async throws -> Void
    ) async throws {
        try await withDatabase(kind) { database in
            try await Self.write(1...Self.length, database)
            let shards = try await database.read { db in try AuditCheckpoint.shards(db) }
            try #require(shards.count == 1)
            try await body(database, shards[0])
        }
    }

    /// In one transaction, and so in one chain.
    private static func write(_ ids: ClosedRange<Int64>, _ database: any Database) async throws {
        try await database.write { db in
            for id in ids { db.audit(entry(id)) }
        }
    }

    private static func entry(_ id: Int64) -> AuditEntry {
        let origin = RequestOrigin(
            principal: nil, requestID: "request\(id)", address: "192.0.2.1", userAgent: "Browser/1.0")
        return AuditEntry(.readPHI, "records", "\(id)", by: origin, reason: "reason", before: "A", after: "B")
    }

    /// Without the triggers that would refuse it.
    private static func tamper(with database: any Database, _ statements: [SQL]) async throws {
        let triggers: [SQL] =
            database.dialect == .postgres
            ? ["ALTER TABLE audit_log DISABLE TRIGGER USER"]
            : ["DROP TRIGGER IF EXISTS audit_log_UPDATE", "DROP TRIGGER IF EXISTS audit_log_DELETE"]
        try await database.write { db in
            for sql in triggers + statements { try db.run(sql) }
        }
    }

    private static func report(
        _ database: any Database, _ checkpoints: AuditCheckpointSet = AuditCheckpointSet()
    ) async throws -> AuditVerifier.Report {
        try await AuditLog.testing().verifier(of: database).run(checkpoints: checkpoints)
    }

    private static func checkpoints(_ database: any Database) async throws -> AuditCheckpointSet {
        var set = AuditCheckpointSet()
        for head in try await database.read({ db in try AuditCheckpoint.heads(db) }) { set.insert(head) }
        return set
    }

    private static func otherCode(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: [UInt8](repeating: 8, count: 32))))
    }
}
