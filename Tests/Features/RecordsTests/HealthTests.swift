import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Allergies and medication")
struct HealthTests {
    private static let allergies = """
        [{"substance":"Penicillin","reaction":"Rash","severity":"SEVERE"},{"substance":" Dust "}]
        """
    private static let medications = """
        [{"medicine":"Metformin","dose":"500 mg","frequency":"Twice a day","since":"2025-11-01"}]
        """

    @Test("patient and treating doctor replace the lists, and both see them", arguments: DatabaseKind.available)
    func replaces(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let base = "/api/patients/\(practice.patient.id)"
            let set = try await practice.app.send(
                .put, base + "/allergies", as: practice.patient, body: Self.allergies)
            #expect(set.status == 200, "\(set.text)")
            let also = try await practice.app.send(
                .put, base + "/medications", as: practice.doctor, body: Self.medications)
            #expect(also.status == 200, "\(also.text)")
            for user in [practice.doctor, practice.patient] {
                let allergies = try await practice.app.get(base + "/allergies", as: user)
                #expect(allergies.json.list.map { $0["substance"].string } == ["Penicillin", "Dust"])
                #expect(allergies["[0].severity"].string == "SEVERE")
                #expect(allergies["[1].reaction"].isNull)
                let medications = try await practice.app.get(base + "/medications", as: user)
                #expect(medications["[0].since"].string == "2025-11-01")
            }
            _ = try await practice.app.send(.put, base + "/allergies", as: practice.doctor, body: "[]")
            #expect(try await practice.app.get(base + "/allergies", as: practice.patient).json.list.isEmpty)
            #expect(try await practice.app.get(base + "/medications", as: practice.patient).json.list.count == 1)
            #expect(
                try await practice.audited("patient_health").sorted().first == "READ_PHI allergies")
        }
    }

    @Test("a doctor who prescribes sees both lists in the answer", arguments: DatabaseKind.available)
    func prescribing(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let base = "/api/patients/\(practice.patient.id)"
            _ = try await practice.app.send(.put, base + "/allergies", as: practice.patient, body: Self.allergies)
            let written = try await practice.write()
            #expect(written["allergies"].list.map { $0["substance"].string } == ["Penicillin", "Dust"])
            #expect(written["medications"].list.isEmpty)
            let id = try #require(written["id"].int)
            let updated = try await practice.update(id, #"{"medicine":"Amoxicillin"}"#)
            #expect(updated["allergies"].list.count == 2)
        }
    }

    @Test(
        "of two who change one version the second is told, and what was replaced stays",
        arguments: DatabaseKind.available)
    func versions(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let path = "/api/patients/\(practice.patient.id)/allergies"
            func put(_ body: String, match: String? = nil) async throws -> TestResponse {
                try await practice.app.send(
                    .put, path, as: practice.doctor, headers: match.map { ["If-Match": $0] } ?? [:], body: body)
            }
            let unasked = try await practice.app.get(path, as: practice.patient)
            #expect(unasked.header("X-Recorded-At") == nil)
            let tag = try #require(unasked.header("ETag"))
            let first = try await put(Self.allergies, match: tag)
            #expect(first.status == 200, "\(first.text)")
            #expect(first.header("X-Recorded-At") == "2026-03-10T08:00:00")
            let late = try await put("[]", match: tag)
            #expect(late.status == 412)
            #expect(late.problemCode == "PRECONDITION_FAILED")
            // Saying the same again is no change, but news.
            practice.app.time.advance(by: .minutes(1))
            let same = try await put(Self.allergies, match: first.header("ETag"))
            #expect(same.header("ETag") == first.header("ETag"))
            #expect(same.header("X-Recorded-At") == "2026-03-10T08:01:00")
            let none = try await put("[]", match: same.header("ETag"))
            #expect(none.status == 200)
            #expect(try await practice.app.get(path, as: practice.patient).header("ETag") == none.header("ETag"))
            let kept: [[UInt8]] = try await practice.app.database.read { db in
                try db.values("SELECT content FROM patient_health_versions WHERE list = 'allergies' AND version = 1")
            }
            #expect(kept.count == 1)
            #expect(kept.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("Penicillin") })
        }
    }

    @Test("of many who write over one version at once, one does", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let path = "/api/patients/\(practice.patient.id)/medications"
            let tag = try #require(try await practice.app.get(path, as: practice.patient).header("ETag"))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await practice.app.send(
                            .put, path, as: practice.doctor, headers: ["If-Match": tag],
                            body: #"[{"medicine":"M\#(number)"}]"#
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 412 }.count == 7)
        }
    }

    @Test("'none' and 'never asked' are told apart", arguments: DatabaseKind.available)
    func asked(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let base = "/api/patients/\(practice.patient.id)"
            _ = try await practice.app.send(.put, base + "/allergies", as: practice.patient, body: "[]")
            for answer in [
                try await practice.write(), try await practice.app.get(base + "/complete-data", as: practice.doctor),
            ] {
                #expect(answer["allergies"].list.isEmpty)
                #expect(answer["allergiesRecordedAt"].string == "2026-03-10T08:00:00")
                #expect(answer["medications"].list.isEmpty)
                #expect(answer["medicationsRecordedAt"].isNull)
            }
        }
    }

    @Test("strangers neither see nor set them", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let users = [
                try await practice.app.registerPatient(), try await practice.app.registerDoctor(),
                try await practice.app.admin(),
            ]
            for list in ["allergies", "medications"] {
                let path = "/api/patients/\(practice.patient.id)/\(list)"
                for user in users {
                    #expect(try await practice.app.get(path, as: user).status == 403)
                    #expect(try await practice.app.send(.put, path, as: user, body: "[]").status == 403)
                }
            }
        }
    }

    @Test("a value that breaks a rule is named by its place", arguments: DatabaseKind.available)
    func refuses(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            func refused(_ list: String, _ body: String) async throws -> [String] {
                let answer = try await practice.app.send(
                    .put, "/api/patients/\(practice.patient.id)/\(list)", as: practice.patient, body: body)
                #expect(answer.status == 400, "\(answer.text)")
                return answer.fieldErrors
            }
            #expect(
                try await refused("allergies", #"[{"substance":"Dust"},{"substance":" "}]"#) == ["[1].substance"])
            #expect(
                try await refused("allergies", #"[{"substance":"Dust","severity":"BAD"}]"#) == ["[0].severity"])
            #expect(
                try await refused("medications", #"[{"medicine":"X","since":"2026-03-11"}]"#) == ["[0].since"])
            let many = Array(repeating: #"{"substance":"Dust"}"#, count: 101).joined(separator: ",")
            #expect(try await refused("allergies", "[\(many)]") == ["body"])
            let longest = #"{"substance":"\#(String(repeating: "क", count: 200))"}"#
            let full = Array(repeating: longest, count: 100).joined(separator: ",")
            let set = try await practice.app.send(
                .put, "/api/patients/\(practice.patient.id)/allergies", as: practice.patient, body: "[\(full)]")
            #expect(set.status == 200)
        }
    }

    @Test("an erased patient has none, and gets none", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let path = "/api/patients/\(practice.patient.id)/allergies"
            _ = try await practice.app.send(.put, path, as: practice.patient, body: Self.allergies)
            try await practice.erasePatient()
            try await practice.app.restarted([:]) { app in
                #expect(try await app.get(path, as: practice.doctor).json.list.isEmpty)
                let refused = try await app.send(.put, path, as: practice.doctor, body: Self.allergies)
                #expect(refused.problemCode == "PATIENT_INACTIVE")
            }
        }
    }
}
