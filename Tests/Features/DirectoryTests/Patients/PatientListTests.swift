import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Persistence
import Testing

@testable import Directory

@Suite("Lists of patients")
struct PatientListTests {
    private static func patient(
        _ id: Int64, _ first: String, _ last: String, illness: String? = nil
    ) -> NewPatient {
        NewPatient(id: PatientID(id), firstName: first, lastName: last, illnessDetails: illness)
    }

    private static func ids(_ reply: Reply) throws -> [Int64] {
        let list = try JSONSerialization.jsonObject(with: reply.body) as? [[String: Any]] ?? []
        return list.compactMap { ($0["id"] as? NSNumber)?.int64Value }
    }

    /// Doctor 11 treats the patients with odd ids.
    private static func seed(_ app: DirectoryApp) async throws {
        try await app.seed([doctor(11)])
        try await app.seed([
            patient(20, "José", "Núñez"), patient(21, "Anne-Marie", "O'Neill"), patient(22, "Asha", "Verma"),
            patient(23, "asha", "VERMA-Rao"), patient(24, "आशा", "वर्मा"), patient(25, "Verma", "Ashton"),
        ])
    }

    @Test(
        "whole words of the name find a patient, in any order, case and spelling; lists go by id",
        arguments: DatabaseKind.available)
    func search(_ kind: DatabaseKind) async throws {
        let searches: [(q: String, all: [Int64], own: [Int64])] = [
            ("verma", [22, 23, 25], [23, 25]), ("Verma ASHA", [22, 23], [23]), ("asha verma", [22, 23], [23]),
            ("ver", [], []), ("nunez jose", [20], []), ("JOSÉ", [20], []), ("oneill", [21], [21]),
            ("O’Neill anne", [21], [21]), ("marie", [21], [21]), ("annemarie", [21], [21]), ("anne-marie", [21], [21]),
            ("आशा", [24], []), ("Dr. Ashton", [25], [25]), ("rao asha", [23], [23]), ("%", [], []), ("_", [], []),
            ("asha asha", [22, 23], [23]), ("asha nunez", [], []), (" ", [20, 21, 22, 23, 24, 25], [21, 23, 25]),
        ]
        try await withDirectory(kind) { app in
            try await Self.seed(app)
            for (q, all, own) in searches {
                let path = "/api/patients?q=\(encoded(q))"
                #expect(try Self.ids(try await app.get(path, as: .admin)) == all, "\(q)")
                #expect(try Self.ids(try await app.get(path, as: .doctor(11))) == own, "\(q)")
            }
        }
    }

    @Test("pages count, an unpaged list ends at 500", arguments: DatabaseKind.available)
    func pages(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(11)])
            try await app.seed((1000..<1520).map { Self.patient($0, "Asha", "Verma") })
            let page = try await app.get("/api/patients?q=verma&page=1&size=100", as: .admin)
            #expect(try Self.ids(page) == Array(1100..<1200))
            #expect(page.header("X-Total-Count") == "520")
            let own = try await app.get("/api/patients?page=0&size=3", as: .doctor(11))
            #expect(try Self.ids(own) == [1001, 1003, 1005])
            #expect(own.header("X-Total-Count") == "260")
            let whole = try await app.get("/api/patients", as: .admin)
            #expect(try Self.ids(whole) == Array(1000..<1500))
            #expect(whole.header("X-Truncated") == "true")
        }
    }

    @Test(
        "a list asks the same of the database however long it is, and leaves one line in the log",
        arguments: DatabaseKind.available)
    func cost(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(11)])
            let lists: [(path: String, caller: DirectoryApp.Caller)] = [
                ("/api/patients", .admin), ("/api/patients?q=verma&page=0&size=100", .admin),
                ("/api/patients", .doctor(11)), ("/api/patients/illness/asthma", .doctor(11)),
            ]
            func costs() async throws -> [Int] {
                var costs: [Int] = []
                for (path, caller) in lists {
                    let lines = try await app.lines()
                    app.count.reset()
                    #expect(try await app.get(path, as: caller).status == 200)
                    costs.append(app.count.statements)
                    #expect(try await app.lines() == lines + 1, "\(path)")
                }
                return costs
            }
            try await app.seed((1001..<1004).map { Self.patient($0, "Asha", "Verma", illness: "asthma") })
            app.vault.cache.forgetAll()
            _ = try await costs()
            let few = try await costs()
            try await app.seed((1004..<1060).map { Self.patient($0, "Asha", "Verma", illness: "asthma") })
            #expect(try await costs() == few)
            #expect(few.allSatisfy { $0 <= 5 }, "\(few)")
        }
    }

    @Test("an illness is looked for among the doctor's own patients only", arguments: DatabaseKind.available)
    func illness(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([doctor(11)])
            try await app.seed([
                Self.patient(20, "A", "B", illness: "Asthma since childhood"),
                Self.patient(21, "A", "B", illness: "Seasonal ASTHMA"), Self.patient(23, "A", "B", illness: "Migraine"),
                Self.patient(25, "A", "B"), Self.patient(27, "A", "B", illness: "asthma; migräne"),
            ])
            let found = try await app.get("/api/patients/illness/asthma", as: .doctor(11))
            #expect(try Self.ids(found) == [21, 27])
            #expect(found.text.contains("Seasonal ASTHMA"))
            #expect(try Self.ids(try await app.get("/api/patients/illness/migrane", as: .doctor(11))) == [27])
            #expect(try Self.ids(try await app.get("/api/patients/illness/%25", as: .doctor(11))) == [])
            let page = try await app.get("/api/patients/illness/asthma?page=1&size=1", as: .doctor(11))
            #expect(try Self.ids(page) == [27])
            #expect(page.header("X-Total-Count") == "2")
            #expect(try await app.get("/api/patients/illness/%20", as: .doctor(11)).status == 400)
        }
    }

    @Test("a new name is found and the old one no longer; an erased patient by none", arguments: DatabaseKind.available)
    func keptInStep(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await Self.seed(app)
            func found(_ q: String) async throws -> [Int64] {
                try Self.ids(try await app.get("/api/patients?q=\(encoded(q))", as: .admin))
            }
            let changed = try await app.put(
                "/api/patients/22/profile", #"{"lastName":"Gokhale"}"#, as: .patient(22))
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await found("asha gokhale") == [22])
            #expect(try await found("asha verma") == [23])
            let vault = app.vault
            try await app.other.write { db in try vault.forget(PatientID(22), db) }
            #expect(try await found("gokhale").isEmpty)
            let late = try await app.put("/api/patients/22/profile", #"{"lastName":"Rao"}"#, as: .patient(22))
            #expect(late.status == 409)
            #expect(late.code == "PATIENT_INACTIVE")
        }
    }

    @Test("what stands beside a patient tells nothing of the name without the key", arguments: DatabaseKind.available)
    func keyed(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await Self.seed(app)
            let codes: [[UInt8]] = try await app.other.read { db in
                try db.values("SELECT code FROM patient_name_words WHERE patient_id = 22")
            }
            #expect(codes.count == 2)
            #expect(codes.allSatisfy { $0.count == 32 })
            let other = PatientNames(rootSecret: try RootSecret(Array("one more secret of thirty-two bytes".utf8)))
            #expect(Set(codes).isDisjoint(with: other.codes(searching: "asha verma")))
            #expect(Set(codes) == Set(try testNames().codes(searching: "asha verma")))
        }
    }

    @Test("one lost key leaves the other rows of a list readable", arguments: DatabaseKind.available)
    func lostKey(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await Self.seed(app)
            try await app.run("DELETE FROM patient_keys WHERE patient_id = 22")
            app.vault.cache.forgetAll()
            let reply = try await app.get("/api/patients?q=asha", as: .admin)
            #expect(try Self.ids(reply) == [22, 23])
            let rows = try #require(try JSONSerialization.jsonObject(with: reply.body) as? [[String: Any]])
            #expect(rows[0]["firstName"] is NSNull)
            #expect(rows[0]["name"] is NSNull)
            #expect(rows[1]["firstName"] as? String == "asha")
        }
    }

    @Test("the statements of lists read indexes", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await Self.seed(app)
            let page = PageRequest(page: 2, size: 20)
            let code = [UInt8](repeating: 1, count: 32)
            let searches: [(name: String, search: PatientSearch)] = [
                ("one word", PatientSearch(words: [code])), ("two words", PatientSearch(words: [code, code])),
            ]
            for (name, search) in searches {
                let plan = try await QueryPlan.of(PatientRepository.page(search, page), in: app.other)
                // What the inner part has found is read as a whole.
                #expect(plan.fullScans.allSatisfy { $0 == "SCAN page" }, "\(name): \(plan)")
                let index =
                    kind == .postgres ? "patient_name_words_once" : "sqlite_autoindex_patient_name_words_1"
                #expect(plan.uses(index), "\(name): \(plan)")
            }
            let consents = try await QueryPlan.of(ConsentRepository.newest(of: PatientID(22)), in: app.other)
            #expect(consents.fullScans.isEmpty, "\(consents)")
        }
    }
}

extension DirectoryApp {
    /// Of the audit log.
    func lines() async throws -> Int {
        try await other.read { db in try db.value("SELECT count(*) FROM audit_log") ?? -1 }
    }
}
