import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import FeatureContract
import Foundation
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import CareSyncServer

@Suite("Rotation of keys")
struct KeyRotationTests {
    @Test(
        "every data key is wrapped anew, and then the old key of the ring is not needed",
        arguments: DatabaseKind.available)
    func rewrap(_ kind: DatabaseKind) async throws {
        try await withWard(kind) { ward in
            let before = try await ward.keys()
            let survey = try await ward.rotation().survey()
            #expect(survey.contains("4 would be wrapped anew by 'new'"))
            #expect(survey.contains("reviews.comment: 4 sealed values"))
            #expect(try await ward.keys() == before)

            let outcome = try await ward.rotation().rewrap()
            #expect(outcome.changed == 4)
            #expect(outcome.damaged.isEmpty)
            #expect(try await ward.keys() == [String](repeating: "1 new", count: 4))
            try await ward.expectAllOpens(RotationWard.newRing)
            #expect(try await ward.rotation().rewrap().changed == 0)
            // A server that remembers keys goes on.
            #expect(try await ward.comment(0)["comment"].string == "comment 0")
        }
    }

    @Test(
        "a key that does not open is named and stays as it is; the others are done", arguments: DatabaseKind.available)
    func damagedKey(_ kind: DatabaseKind) async throws {
        try await withWard(kind) { ward in
            let (first, second) = (ward.patients[0].id, ward.patients[1].id)
            try await ward.app.database.write { db in
                _ = try db.run(
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
        try await withWard(kind) { ward in
            let values = try await ward.values().count
            #expect(values >= 4 * 7)
            let outcome = try await ward.rotation().reencrypt()
            #expect(outcome.changed == values)
            #expect(outcome.damaged.isEmpty)
            #expect(try await ward.generations() == [2])
            #expect(try await ward.keys() == [String](repeating: "2 new", count: 4))
            try await ward.expectAllOpens(RotationWard.newRing)
            let audited: [String] = try await ward.app.database.read { db in
                try db.values("SELECT reason FROM audit_log WHERE entity = 'patient_keys'")
            }
            #expect(audited == ["REENCRYPTED"])

            #expect(try await ward.rotation().reencrypt().changed == values)
            #expect(try await ward.generations() == [3])
        }
    }

    @Test("a server goes on reading and writing meanwhile, and no write is lost", arguments: DatabaseKind.available)
    func besideServer(_ kind: DatabaseKind) async throws {
        try await withWard(kind) { ward in
            // A server knows both keys before the first one is used; it remembers data keys.
            let ring = ["CARESYNC_ENCRYPTION_KEYS": "\(RotationWard.oldRing),\(RotationWard.newRing)"]
            try await ward.app.restarted(ring) { app in
                let server = RotationWard(app: app, doctor: ward.doctor, patients: ward.patients, reviews: ward.reviews)
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
                try await server.expectAllOpens("\(RotationWard.newRing),\(RotationWard.oldRing)")
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
        try await withWard(kind, patients: 2) { ward in
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
                    try await ward.expectAllOpens("\(RotationWard.newRing),\(RotationWard.oldRing)")
                }
                #expect(try await ward.generations() == [UInt32(round + 1)])
                #expect(try await ward.keys() == ["\(round + 1) new", "\(round + 1) new"])
            }
            #expect(stops > 3)
        }
    }

    @Test("a damaged value is named and never overwritten, and its key stays", arguments: DatabaseKind.available)
    func damagedValue(_ kind: DatabaseKind) async throws {
        try await withWard(kind, patients: 2) { ward in
            let review = ward.reviews[0]
            let damaged = try await ward.app.database.write { db in
                var bytes: [UInt8] = try db.value("SELECT comment FROM reviews WHERE id = \(review)") ?? []
                bytes[bytes.count - 1] ^= 1
                try db.run("UPDATE reviews SET comment = \(bytes) WHERE id = \(review)")
                return bytes
            }
            let outcome = try await ward.rotation().reencrypt()
            #expect(outcome.changed == (try await ward.values().count) - 1)
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
        try await withWard(kind, patients: 3) { ward in
            let vault = try RotationWard.vault(RotationWard.oldRing, ward.app)
            let patients = ward.patients.map(\.patientID)
            try await ward.app.database.write { db in try vault.forget(patients[0], db) }
            let isFirst = Mutex(true)
            let rotation = try ward.rotation(wait: {
                guard
                    isFirst.withLock({ isFirst in
                        defer { isFirst = false }
                        return isFirst
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
        // Hashes, what the ring, derived keys or keys of files seal, and content without an owner.
        let others: Set<String> = [
            "audit_log.mac", "idempotency_keys.body_hash", "idempotency_keys.answer", "patient_keys.wrapped",
            "one_time_codes.seed", "one_time_codes.token_hash", "second_factors.secret",
            "factor_enrolments.secret", "recovery_codes.code_hash",
            "sign_in_challenges.token_hash", "sign_in_challenges.password_digest", "sessions.token_hash",
            "sessions.parent_hash", "document_shares.token_digest", "documents.name", "documents.description",
            "documents.digest", "patient_name_words.code", "prescription_codes.digest",
            "lab_bookings.request_key", "lab_bookings.request_body", "payments.request_key",
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
