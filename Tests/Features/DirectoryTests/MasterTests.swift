import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Directory

@Suite("Master data")
struct MasterTests {
    @Test("all nine lists come seeded and in order", arguments: DatabaseKind.available)
    func seeded(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let all = try await app.get("/api/master/all?orgId=91").decode([String: [String]].self)
            let counts = [
                "genders": 4, "specializations": 16, "statuses": 8, "bloodGroups": 8, "languages": 8, "degrees": 19,
                "institutions": 15, "hospitals": 15, "positions": 11,
            ]
            #expect(all.mapValues(\.count) == counts)
            #expect(all["genders"] == ["Male", "Female", "Other", "Prefer not to say"])
            #expect(all["specializations"]?.first == "Cardiology")
            #expect(all["specializations"]?.last == "Urology")
            #expect(all["hospitals"]?[8] == "Apollo Hospitals")
            for list in MasterList.allCases {
                let one = try await app.get("/api/master/\(list.pathWords[0])").decode([String].self)
                #expect(one == all[list.rawValue])
            }
        }
    }

    @Test("an unknown organisation has empty lists", arguments: DatabaseKind.available)
    func unknownOrganisation(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let all = try await app.get("/api/master/all?orgId=12345").decode([String: [String]].self)
            #expect(all.count == 9)
            #expect(all.values.allSatisfy { $0.isEmpty })
            #expect(try await app.get("/api/master/genders?orgId=12345").body == Data("[]".utf8))
        }
    }

    @Test("lists are answered from memory, and with 304 to a client that has them", arguments: DatabaseKind.available)
    func cached(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let first = try await app.get("/api/master/languages")
            #expect(app.count.statements == 1)
            let tag = try #require(first.header("ETag"))
            let second = try await app.get("/api/master/languages", ifNoneMatch: tag)
            #expect(second.status == 304)
            #expect(second.body.isEmpty)
            #expect(try await app.get("/api/master/all").status == 200)
            #expect(app.count.statements == 1)
        }
    }

    @Test("an added value shows at once, at the end", arguments: DatabaseKind.available)
    func addedShowsAtOnce(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            _ = try await app.get("/api/master/all")
            let added = try await app.post(
                "/api/master/Languages", #"{"value": "  Kannada ", "code": "kn", "orgId": 91}"#, as: .admin)
            #expect(added.status == 200)
            #expect(try added.object["message"] as? String == "'Kannada' was added to the list of languages.")
            #expect(try await app.get("/api/master/languages").decode([String].self).last == "Kannada")
            let entries: Int? = try await app.other.read {
                try $0.value(
                    """
                    SELECT count(*) FROM audit_log
                    WHERE action = 'ADMIN_ACTION' AND entity = 'master_values' AND actor_id = 1
                    """)
            }
            #expect(entries == 1)
        }
    }

    @Test("a value that another process adds shows after ten seconds", arguments: DatabaseKind.available)
    func otherProcess(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            _ = try await app.get("/api/master/languages")
            try await app.other.write { db in
                let draft = MasterDraft(
                    organisation: 91, list: .languages, value: "Odia", code: nil, description: nil)
                _ = try MasterRepository(db: db).insert(draft)
            }
            app.time.advance(by: .seconds(9))
            #expect(try await app.get("/api/master/languages").decode([String].self).last == "Others")
            app.time.advance(by: .seconds(1))
            #expect(try await app.get("/api/master/languages").decode([String].self).last == "Odia")
        }
    }

    @Test("what was read before an eviction is not kept after it")
    func staleReadIsNotKept() throws {
        let cache = MasterCache()
        let generation = cache.generation
        cache.evict()
        let answers = try MasterResponses([])
        cache.store(answers, for: 91, at: Instant(seconds: 0), generation: generation)
        #expect(cache.answers(for: 91, at: Instant(seconds: 0)) == nil)
    }

    @Test("every spelling of a list is understood", arguments: DatabaseKind.available)
    func spellings(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let words = [
                "gender", "GENDERS", "specialization", "Specializations", "bloodgroup", "bloodGroups", "blood-groups",
                "blood-group", "language", "degree", "degrees", "institution", "institutions", "hospital", "hospitals",
                "position", "positions",
            ]
            for (number, word) in words.enumerated() {
                let reply = try await app.post("/api/master/\(word)", #"{"value": "V\#(number)"}"#, as: .admin)
                #expect(reply.status == 200, "\(word)")
            }
            let unknown = try await app.post("/api/master/planets", #"{"value": "Mars"}"#, as: .admin)
            #expect(unknown.status == 400)
            #expect(unknown.code == "INVALID_ARGUMENT")
            #expect(unknown.field == "type")
        }
    }

    @Test("duplicates are refused whatever their case and blanks", arguments: DatabaseKind.available)
    func duplicates(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            for value in ["Hindi", " hINDI  ", "HINDI"] {
                let reply = try await app.post("/api/master/language", #"{"value": "\#(value)"}"#, as: .admin)
                #expect(reply.status == 409)
                #expect(reply.code == "CONFLICT")
            }
            let elsewhere = try await app.post("/api/master/language", #"{"value": "Hindi", "orgId": 7}"#, as: .admin)
            #expect(elsewhere.status == 200)
            #expect(try await app.get("/api/master/languages?orgId=7").decode([String].self) == ["Hindi"])
        }
    }

    @Test("one value in two spellings is one value", arguments: DatabaseKind.available)
    func spelledTwice(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            for (value, status) in [("Français X", 200), ("Français  X", 409), ("FRANCAIS\u{A0}X", 409), ("हिन्दी", 200)] {
                let reply = try await app.post("/api/master/language", #"{"value": "\#(value)"}"#, as: .admin)
                #expect(reply.status == status, "\(value)")
            }
        }
    }

    @Test("a language with a comma could never be chosen", arguments: ["A, B", ",", "A，B"])
    func comma(_ value: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.post("/api/master/languages", #"{"value": "\#(value)"}"#, as: .admin)
            #expect(reply.status == 400)
            #expect(reply.field == "value")
            let position = try await app.post("/api/master/positions", #"{"value": "\#(value)"}"#, as: .admin)
            #expect(position.status == 200)
        }
    }

    @Test("appointment states cannot be added", arguments: ["status", "statuses", "STATUSES"])
    func statusesAreFixed(_ word: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.post("/api/master/\(word)", #"{"value": "ASLEEP"}"#, as: .admin)
            #expect(reply.status == 409)
            #expect(reply.code == "MASTER_LIST_READ_ONLY")
        }
    }

    @Test(
        "a bad value is refused and named",
        arguments: [
            (#"{"value": ""}"#, "value"), (#"{"value": "   "}"#, "value"), (#"{"value": "a\u0007b"}"#, "value"),
            (#"{"value": "a\u202Eb"}"#, "value"), (#"{"value": "12345678901"}"#, "value"), (#"{}"#, "value"),
            (#"{"value": null}"#, "value"), (#"{"value": 3}"#, "value"), (#"{"value": "C", "orgId": -1}"#, "orgId"),
            (#"{"value": "C", "orgId": 9007199254740992}"#, "orgId"),
            (#"{"value": "C", "code": "\#(String(repeating: "x", count: 51))"}"#, "code"),
        ])
    func badValues(_ body: String, _ field: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.post("/api/master/blood-groups", body, as: .admin)
            #expect(reply.status == 400)
            #expect(reply.code == "VALIDATION_FAILED")
            #expect(reply.field == field)
        }
    }

    @Test("only administrators add values")
    func onlyAdministrators() async throws {
        try await withDirectory(.sqlite) { app in
            let body = #"{"value": "Kannada"}"#
            let visitor = try await app.post("/api/master/languages", body)
            #expect(visitor.status == 401)
            #expect(try await app.post("/api/master/languages", body, as: .patient).status == 403)
            #expect(try await app.post("/api/master/languages", body, as: .doctor(5)).status == 403)
        }
    }

    @Test("an organisation that is no id is refused", arguments: ["abc", "0", "-91", "9007199254740992", "1.5"])
    func badOrganisation(_ value: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.get("/api/master/all?orgId=\(value)")
            #expect(reply.status == 400)
            #expect(reply.field == "orgId")
        }
    }
}
