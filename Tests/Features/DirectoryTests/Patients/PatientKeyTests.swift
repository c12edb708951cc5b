import CareSyncCore
import CareSyncTesting
import Cryptography
import Logging
import Persistence
import Testing

@testable import Directory

@Suite("Patient keys")
struct PatientKeyTests {
    @Test("a lost, swapped or damaged data key is an integrity failure", arguments: DatabaseKind.available)
    func badKeys(_ kind: DatabaseKind) async throws {
        let damages: [SQL] = [
            "DELETE FROM patient_keys WHERE patient_id = 20",
            "UPDATE patient_keys SET wrapped = (SELECT wrapped FROM patient_keys WHERE patient_id = 21)",
            "UPDATE patient_keys SET generation = 2",
            "UPDATE patient_keys SET generation = -1",
        ]
        for damage in damages {
            try await withDirectory(kind) { app in
                try await app.seed([PatientTests.patient(20), PatientTests.patient(21)])
                try await app.run(damage)
                let vault = try testVault()
                await #expect(throws: IntegrityFailure.self) {
                    try await app.other.read { db in _ = try vault.key(for: PatientID(20), db) }
                }
            }
        }
    }

    @Test("a key of an undone transaction is not remembered", arguments: DatabaseKind.available)
    func undoneKey(_ kind: DatabaseKind) async throws {
        struct Stop: Error {}
        try await withDirectory(kind) { app in
            let vault = app.vault
            await #expect(throws: Stop.self) {
                try await app.other.write { db in
                    try insertUser(UserID(20), "patient20", .patient, isActive: true, db)
                    try vault.insert(PatientTests.patient(20), names: testNames(), at: db.now, db)
                    _ = try vault.key(for: PatientID(20), db)
                    throw Stop()
                }
            }
            try await app.seed([PatientTests.patient(20)])
            #expect(try await app.get("/test/me", as: .patient(20)).status == 200)
        }
    }

    @Test("the cache of keys stays within its bound and keeps keys in use")
    func bound() {
        let cache = PatientKeyCache(limit: 10)
        func key(_ id: Int64) -> PatientKey {
            PatientKey(PatientID(id), generations: [DataKey(generation: 1, random: SeededRandom(seed: 3).source)])
        }
        let now = Instant(seconds: 0)
        cache.store([key(1)], readAt: now)
        for id: Int64 in 2..<100 {
            cache.store([key(id)], readAt: now)
            #expect(cache[PatientID(1), at: now] != nil)
            #expect(cache.count <= 10)
        }
        #expect(cache[PatientID(50), at: now] == nil)
        cache.forget([PatientID(1)])
        #expect(cache[PatientID(1), at: now] == nil)
        // A reader that began before may end after.
        cache.store([key(1), key(2)], readAt: now)
        #expect(cache[PatientID(1), at: now] == nil)
        #expect(cache[PatientID(2), at: now] != nil)
        // What was read a minute ago is read again, and so is what a clock that was set back has read.
        #expect(cache[PatientID(2), at: now + .seconds(59)] != nil)
        #expect(cache[PatientID(2), at: now + .minutes(1)] == nil)
        #expect(cache[PatientID(2), at: now - .seconds(1)] == nil)
    }

    @Test("keys are read once a transaction, all together", arguments: DatabaseKind.available)
    func onceATransaction(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed((20..<60).map { PatientTests.patient($0) })
            let vault = try testVault()
            let patients = (20..<60).map { PatientID($0) }
            app.count.reset()
            try await app.database.write { db in
                _ = try vault.keys(for: patients, db)
                for patient in patients + patients { _ = try vault.key(for: patient, db) }
            }
            #expect(app.count.statements == 1)
        }
    }

    @Test("what a part of a transaction has made is forgotten with it", arguments: DatabaseKind.available)
    func undonePart(_ kind: DatabaseKind) async throws {
        struct Stop: Error {}
        try await withDirectory(kind) { app in
            let vault = app.vault
            try await app.other.write { db in
                try insertUser(UserID(20), "patient20", .patient, isActive: true, db)
                do {
                    try db.savepoint {
                        try vault.insert(PatientTests.patient(20), names: testNames(), at: db.now, db)
                        throw Stop()
                    }
                } catch is Stop {}
                #expect(throws: IntegrityFailure.self) { try vault.key(for: PatientID(20), db) }
                try vault.insert(PatientTests.patient(20), names: testNames(), at: db.now, db)
            }
            #expect(try await app.get("/test/me", as: .patient(20)).status == 200)
        }
    }

    @Test(
        "each generation opens what it sealed, and the newest that is sealing seals", arguments: DatabaseKind.available
    )
    func generations(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([PatientTests.patient(20)])
            let patient = PatientID(20)
            let second = PatientKey(patient, generations: [DataKey(generation: 2, random: .system)])
            try await app.other.write { db in
                try testVault().store(second, at: db.now, db)
            }
            let vault = try testVault()
            let context = PatientColumn.contactInfo.context(patient)
            try await app.other.write { db in
                let sealed = try vault.seal("new number", of: patient, at: context, db)
                #expect(FieldCipher.generation(of: sealed) == 2)
                try db.run("UPDATE patients SET contact_info = \(sealed) WHERE id = \(patient)")
            }
            let card = try await app.card(of: 20, vault)
            #expect(card.firstName == "Canaryfirst")
            #expect(card.contactInfo == "new number")
        }
    }

    @Test("a forgotten key shows the patient as erased, on every node", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([PatientTests.patient(20), PatientTests.patient(21)])
            let (here, elsewhere) = (app.vault, try testVault())
            let poll = PatientKeyRevocations(database: app.other, cache: elsewhere.cache, logger: quiet)
            try await poll.poll()
            #expect(try await app.card(of: 20, elsewhere).firstName == "Canaryfirst")
            let before = try await app.bytes("SELECT first_name FROM patients WHERE id = 20")
            try await app.other.write { db in try here.forget(PatientID(20), db) }

            let card = try await app.card(of: 20, here)
            #expect(card.isErased)
            #expect(card.name == "Erased patient")
            #expect(card.illnessDetails == nil && card.dateOfBirth == nil && card.gender == nil)
            // The other node learns of it by its poll and not before.
            #expect(try await !app.card(of: 20, elsewhere).isErased)
            try await poll.poll()
            #expect(try await app.card(of: 20, elsewhere).isErased)
            #expect(try await app.card(of: 21, elsewhere).firstName == "Canaryfirst")
            #expect(try await app.bytes("SELECT first_name FROM patients WHERE id = 20") == before)
            #expect(try await app.bytes("SELECT wrapped FROM patient_keys WHERE patient_id = 20") == nil)

            await #expect(throws: Problem.self) {
                try await app.other.write { db in
                    _ = try here.seal(
                        "text", of: PatientID(20), at: PatientColumn.contactInfo.context(PatientID(20)), db)
                }
            }
        }
    }

    @Test("a reader that ends after a key was forgotten does not bring it back", arguments: DatabaseKind.available)
    func lateReader(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([PatientTests.patient(20), PatientTests.patient(21)])
            let vault = try testVault()
            try await app.other.read { db in
                _ = try vault.keys(for: [PatientID(20), PatientID(21)], db)
                vault.cache.forget([PatientID(20)])
            }
            let now = app.other.services.time.now
            #expect(vault.cache[PatientID(20), at: now] == nil)
            #expect(vault.cache[PatientID(21), at: now] != nil)
        }
    }

    @Test("an undone erasure changes nothing", arguments: DatabaseKind.available)
    func undoneErasure(_ kind: DatabaseKind) async throws {
        struct Stop: Error {}
        try await withDirectory(kind) { app in
            try await app.seed([PatientTests.patient(20)])
            let vault = app.vault
            await #expect(throws: Stop.self) {
                try await app.other.write { db in
                    try vault.forget(PatientID(20), db)
                    throw Stop()
                }
            }
            #expect(try await !app.card(of: 20, vault).isErased)
        }
    }

    @Test("a lost key empties its row of a list, and the log names the place", arguments: DatabaseKind.available)
    func lost(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed((20..<24).map { PatientTests.patient($0) })
            try await app.run("DELETE FROM patient_keys WHERE patient_id = 21")
            try await app.run("UPDATE patient_keys SET generation = 7 WHERE patient_id = 22")
            let logs = LogRecorder(level: .error)
            let vault = try testVault(logger: logs.logger)
            let cards = try await app.other.read { db in
                let sealed: [SealedPatient] = try db.all(
                    "SELECT \(SealedPatient.columns) FROM patients p ORDER BY p.id")
                return try vault.open(sealed, db)
            }
            #expect(cards.map { $0?.firstName } == ["Canaryfirst", nil, nil, "Canaryfirst"])
            #expect(logs.text.contains("patient_keys.wrapped, row 21"))
            #expect(logs.text.contains("patient_keys.wrapped, row 22"))
            #expect(!logs.text.contains("row 20"))
            await #expect(throws: IntegrityFailure.self) { _ = try await app.card(of: 21, vault) }
        }
    }
}

extension DirectoryApp {
    func card(of patient: Int64, _ vault: PatientVault) async throws -> PatientCard {
        try await other.read { db in
            let sealed = try PatientRepository(db: db).find(PatientID(patient))
            return try vault.open(try #require(sealed), db)
        }
    }
}
