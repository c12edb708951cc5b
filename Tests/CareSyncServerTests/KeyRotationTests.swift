import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import Foundation
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import CareSyncServer

@Suite("Rotation of keys")
struct KeyRotationTests {
    /// A clinic with patients who have sealed values in every table, and the rotation as another process runs it.
    struct Ward: Sendable {
        let app: TestApp
        let doctor: TestUser
        let patients: [TestUser]
        /// The review of each patient.
        let reviews: [Int]

        /// With a new key in front of the one that everything was wrapped by.
        static let newRing = "new:\(Base64.text([UInt8](repeating: 7, count: 32)))"

        static var oldRing: String {
            "test:\(Base64.text([UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16)))"
        }

        static func vault(_ ring: String, _ app: TestApp) throws -> PatientVault {
            PatientVault(ring: try KeyRing(parsing: ring), random: .system, logger: app.logs.logger)
        }

        func rotation(
            in database: (any Database)? = nil, report: @escaping @Sendable (String) -> Void = { _ in },
            wait: @escaping @Sendable () async throws -> Void = {}
        ) throws -> KeyRotation {
            KeyRotation(
                database: database ?? app.database, vault: try Self.vault("\(Self.newRing),\(Self.oldRing)", app),
                columns: Schema.sealedColumns,
                wait: { [app] span in
                    app.time.advance(by: span)
                    try await wait()
                }, report: report)
        }

        func comment(_ index: Int) async throws -> TestResponse {
            try await app.get("/api/feedback/\(reviews[index])", as: patients[index])
        }

        /// Generations in which anything is sealed, by column.
        func generations() async throws -> Set<UInt32> {
            try await app.database.read { db in
                var found: Set<UInt32> = []
                for column in Schema.sealedColumns {
                    let values: [[UInt8]] = try db.values(
                        "SELECT \(column.columnSQL) FROM \(column.tableSQL) WHERE \(column.columnSQL) IS NOT NULL")
                    for value in values { found.insert(try #require(FieldCipher.generation(of: value))) }
                }
                return found
            }
        }

        func keys() async throws -> [String] {
            try await app.database.read { db in
                try db.values(
                    """
                    SELECT CAST(generation AS text) || ' ' || ring_key || CASE WHEN wrapped IS NULL THEN ' gone' ELSE '' END
                    FROM patient_keys ORDER BY patient_id, generation
                    """)
            }
        }

        /// Opens everything with the ring of these keys alone, as a process does that has just begun.
        func expectAllOpens(_ ring: String, comment: String = "comment") async throws {
            let vault = try Self.vault(ring, app)
            try await app.database.read { [reviews] db in
                for column in Schema.sealedColumns {
                    try db.query(
                        """
                        SELECT \(column.rowSQL), \(column.patientSQL), \(column.columnSQL) FROM \(column.tableSQL)
                        WHERE \(column.columnSQL) IS NOT NULL
                        """
                    ) { row in
                        let id: Int64 = try row.value(at: 0)
                        let text = try vault.open(
                            row.value(at: 2), of: PatientID(try row.value(at: 1) as Int64),
                            at: FieldContext(table: column.table, column: column.column, row: id), db)
                        if column.table == "reviews", reviews.contains(Int(id)) {
                            #expect(text?.hasPrefix(comment) == true)
                        }
                    }
                }
            }
        }
    }

    static func withWard(
        _ kind: DatabaseKind, patients count: Int = 4, _ body: @escaping @Sendable (Ward) async throws -> Void
    ) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let admin = try await app.admin()
            var (patients, reviews) = ([TestUser](), [Int]())
            for index in 0..<count {
                let patient = try await app.registerPatient([
                    "contactInfo": "+91 98200 0000\(index)", "illnessDetails": "Asthma",
                    "dateOfBirth": "1990-01-0\(index + 1)",
                ])
                let booked = try await app.send(
                    .post, "/api/appointments/patient/book", as: patient,
                    body:
                        #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T1\#(index):00:00","reason":"Pain"}"#
                )
                let visit = try #require(booked["appointmentId"].int, "\(booked.text)")
                _ = try await app.send(
                    .post, "/api/break-glass", as: admin, body: #"{"patientId":\#(patient.id),"reason":"Collapsed"}"#)
                try await app.database.write { db in
                    _ = try db.run("UPDATE appointments SET status = 'COMPLETED' WHERE id = \(visit)")
                }
                let review = try await app.send(
                    .post, "/api/feedback", as: patient,
                    body: #"{"appointmentId":\#(visit),"rating":4,"comment":"comment \#(index)"}"#)
                patients.append(patient)
                reviews.append(try #require(review["id"].int, "\(review.text)"))
            }
            try await body(Ward(app: app, doctor: doctor, patients: patients, reviews: reviews))
        }
    }

    @Test(
        "every data key is wrapped anew, and then the old key of the ring is not needed",
        arguments: DatabaseKind.available)
    func rewrap(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind) { ward in
            let before = try await ward.keys()
            let survey = try await ward.rotation().survey()
            #expect(survey.contains("4 would be wrapped anew by 'new'"))
            #expect(survey.contains("reviews.comment: 4 sealed values"))
            #expect(try await ward.keys() == before)

            let outcome = try await ward.rotation().rewrap()
            #expect(outcome.changed == 4)
            #expect(outcome.damaged.isEmpty)
            #expect(try await ward.keys() == [String](repeating: "1 new", count: 4))
            try await ward.expectAllOpens(Ward.newRing)
            #expect(try await ward.rotation().rewrap().changed == 0)
            // A server that remembers keys goes on.
            #expect(try await ward.comment(0)["comment"].string == "comment 0")
        }
    }

    @Test(
        "a key that does not open is named and stays as it is; the others are done", arguments: DatabaseKind.available)
    func damagedKey(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind) { ward in
            let (first, second) = (ward.patients[0].id, ward.patients[1].id)
            try await ward.app.database.write { db in
                try db.run(
                    """
                    UPDATE patient_keys SET wrapped = (SELECT wrapped FROM patient_keys WHERE patient_id = \(second))
                    WHERE patient_id = \(first)
                    """)
            }
            let outcome = try await ward.rotation().rewrap()
            #expect(outcome.changed == 3)
            #expect(outcome.damaged == ["Integrity failure at patient_keys.wrapped, row \(first)."])
            #expect(try await ward.keys().filter { $0 == "1 test" }.count == 1)
        }
    }

    @Test("everything is sealed by new keys, and the old ones are gone", arguments: DatabaseKind.available)
    func reencrypt(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind) { ward in
            let outcome = try await ward.rotation().reencrypt()
            // Five values of the patient, a reason each of the visit and of the glass, and the comment.
            #expect(outcome.changed == 4 * 8)
            #expect(outcome.damaged.isEmpty)
            #expect(try await ward.generations() == [2])
            #expect(try await ward.keys() == [String](repeating: "2 new", count: 4))
            try await ward.expectAllOpens(Ward.newRing)
            let audited: [String] = try await ward.app.database.read { db in
                try db.values("SELECT reason FROM audit_log WHERE entity = 'patient_keys'")
            }
            #expect(audited == ["REENCRYPTED"])

            #expect(try await ward.rotation().reencrypt().changed == 4 * 8)
            #expect(try await ward.generations() == [3])
        }
    }

    @Test("a server goes on reading and writing meanwhile, and no write is lost", arguments: DatabaseKind.available)
    func besideServer(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind) { ward in
            // A server knows both keys before the first one is used; it remembers data keys.
            let ring = ["CARESYNC_ENCRYPTION_KEYS": "\(Ward.oldRing),\(Ward.newRing)"]
            try await ward.app.restarted(ring) { app in
                let server = Ward(app: app, doctor: ward.doctor, patients: ward.patients, reviews: ward.reviews)
                let written = Mutex([String](repeating: "", count: ward.patients.count))
                @Sendable func writeAndRead(_ round: Int) async throws {
                    for index in server.patients.indices {
                        let text = "comment \(index) of round \(round)"
                        let changed = try await app.send(
                            .put, "/api/feedback/\(server.reviews[index])", as: server.patients[index],
                            body: #"{"comment":"\#(text)"}"#)
                        #expect(changed.status == 200, "\(changed.text)")
                        written.withLock { $0[index] = text }
                        #expect(try await server.comment(index)["comment"].string == text)
                    }
                    let list = try await app.get("/api/feedback/doctor/\(server.doctor.id)", as: server.patients[0])
                    #expect(list.status == 200, "\(list.text)")
                    #expect(list.json.list.allSatisfy { $0["patientName"].string == "Asha Verma" })
                }
                try await writeAndRead(0)
                let rounds = Mutex(0)
                let rotation = try server.rotation(wait: {
                    try await writeAndRead(
                        rounds.withLock {
                            $0 += 1
                            return $0
                        })
                })
                // Writers between its stages, and writers at the same time.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await rotation.reencrypt() }
                    for round in 100..<110 { group.addTask { try await server.touch(round) } }
                    try await group.waitForAll()
                }
                #expect(rounds.withLock { $0 } == 2)
                try await writeAndRead(3)
                #expect(try await server.generations() == [2])
                try await server.expectAllOpens("\(Ward.newRing),\(Ward.oldRing)")
                for (index, text) in written.withLock({ $0 }).enumerated() {
                    #expect(try await server.comment(index)["comment"].string == text)
                }
            }
        }
    }

    @Test(
        "stopped after any of its writes it is taken up again, and everything opens all the time",
        arguments: DatabaseKind.available)
    func interrupted(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind, patients: 2) { ward in
            var stops = 0
            for round in 1...3 {
                var (isDone, allowed) = (false, 0)
                while !isDone {
                    allowed = allowed % 7 + 1
                    let database = StoppingDatabase(ward.app.database, after: allowed)
                    do {
                        _ = try await ward.rotation(in: database).reencrypt()
                        isDone = true
                    } catch is StoppingDatabase.Stop {
                        stops += 1
                    }
                    try await ward.expectAllOpens("\(Ward.newRing),\(Ward.oldRing)")
                }
                #expect(try await ward.generations() == [UInt32(round + 1)])
                #expect(try await ward.keys() == ["\(round + 1) new", "\(round + 1) new"])
            }
            #expect(stops > 3)
        }
    }

    @Test("a damaged value is named and never overwritten, and its key stays", arguments: DatabaseKind.available)
    func damagedValue(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind, patients: 2) { ward in
            let review = ward.reviews[0]
            let damaged = try await ward.app.database.write { db in
                var bytes: [UInt8] = try db.value("SELECT comment FROM reviews WHERE id = \(review)") ?? []
                bytes[bytes.count - 1] ^= 1
                try db.run("UPDATE reviews SET comment = \(bytes) WHERE id = \(review)")
                return bytes
            }
            let outcome = try await ward.rotation().reencrypt()
            #expect(outcome.changed == 2 * 8 - 1)
            #expect(outcome.damaged == ["Integrity failure at reviews.comment, row \(review)."])
            let stored: [UInt8]? = try await ward.app.database.read { db in
                try db.value("SELECT comment FROM reviews WHERE id = \(review)")
            }
            #expect(stored == damaged)
            #expect(Set(try await ward.keys()) == ["1 test", "2 new"])
            #expect(try await ward.keys().count == 3)
        }
    }

    @Test("an erased patient gets no new key, also when it happens meanwhile", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await Self.withWard(kind, patients: 3) { ward in
            let vault = try Ward.vault(Ward.oldRing, ward.app)
            let patients = ward.patients.map(\.patientID)
            try await ward.app.database.write { db in try vault.forget(patients[0], db) }
            let isFirst = Mutex(true)
            let rotation = try ward.rotation(wait: {
                guard
                    isFirst.withLock({
                        defer { $0 = false }
                        return $0
                    })
                else { return }
                try await ward.app.database.write { db in try vault.forget(patients[1], db) }
            })
            _ = try await rotation.reencrypt()
            let usable: [Int64] = try await ward.app.database.read { db in
                try db.values("SELECT patient_id FROM patient_keys WHERE wrapped IS NOT NULL")
            }
            #expect(usable == [patients[2].rawValue])
        }
    }

    @Test("every column of bytes is registered as sealed, or known to be something else")
    func registry() async throws {
        // Hashes, what the ring or derived keys seal, and content without an owner.
        let others: Set<String> = [
            "audit_log.mac", "idempotency_keys.body_hash", "idempotency_keys.answer", "patient_keys.wrapped",
            "one_time_codes.seed", "one_time_codes.token_hash", "second_factors.secret",
            "factor_enrolments.secret", "recovery_codes.code_hash",
            "sign_in_challenges.token_hash", "sign_in_challenges.password_digest", "sessions.token_hash",
            "sessions.parent_hash",
        ]
        try await withApp { app in
            let columns: [String] = try await app.database.read { db in
                try db.values(
                    """
                    SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
                    WHERE m.type = 'table' AND c.type = 'BLOB'
                    """)
            }
            let registered = Set(Schema.sealedColumns.map { "\($0.table).\($0.column)" })
            #expect(Set(columns).subtracting(registered).subtracting(others).sorted() == [])
            #expect(registered.subtracting(columns).sorted() == [])
        }
    }

    @Test("the command runs beside a server, and tells what it would do")
    func command() async throws {
        let server = try LiveServer()
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        try await server.start()
        let dry = try await server.command(["keys", "rotate", "--dry-run"])
        #expect(dry.status == 0)
        #expect(dry.output.contains("0 would be wrapped anew by 'dev'"))
        #expect(dry.output.contains("patients.first_name: "))
        let done = try await server.command(["keys", "rotate"])
        #expect(done.status == 0)
        #expect(done.output == "0 keys wrapped anew.\n")
        await server.stop()
    }
}

extension KeyRotationTests.Ward {
    /// A change of every review, which may meet the rotation's anywhere.
    fileprivate func touch(_ round: Int) async throws {
        for index in patients.indices {
            let changed = try await app.send(
                .put, "/api/feedback/\(reviews[index])", as: patients[index], body: #"{"rating":\#(1 + round % 5)}"#)
            #expect(changed.status == 200, "\(changed.text)")
        }
    }
}

/// Fails in the place of a write, as a process does that is killed; what was written before stays.
private struct StoppingDatabase: Database {
    struct Stop: Error {}

    private let base: any Database
    private let left: Countdown

    private final class Countdown: Sendable {
        private let left: Mutex<Int>

        init(_ count: Int) { left = Mutex(count) }

        func step() throws {
            try left.withLock {
                guard $0 > 0 else { throw Stop() }
                $0 -= 1
            }
        }
    }

    init(_ base: any Database, after writes: Int) {
        self.base = base
        left = Countdown(writes)
    }

    var dialect: Dialect { base.dialect }
    var services: DatabaseServices { base.services }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        try left.step()
        return try await base.send(body)
    }

    func runOutsideTransaction(_ sql: SQL) async throws { try await base.runOutsideTransaction(sql) }

    func close() async {}
}
