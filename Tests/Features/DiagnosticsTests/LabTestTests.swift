import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Lab catalogue")
struct LabTestTests {
    @Test("a test is added with 201, and stands in the lists by name", arguments: DatabaseKind.available)
    func add(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let added = try await lab.add(" Lipid   profile ", "1250.5", #""description":" Fasting\nonly ""#)
            #expect(added.status == 201)
            #expect(added["testName"].string == "Lipid profile")
            #expect(added["price"].double == 1250.5)
            #expect(added["description"].string == "Fasting\nonly")
            #expect(added["isActive"].bool == true)
            #expect(added["createdAt"].string == "2026-03-10T08:00:00")
            #expect(added["updatedAt"].isNull)
            _ = try await lab.addedID("complete blood count")
            _ = try await lab.addedID("Éosinophils", "10", #""isActive":false"#)
            _ = try await lab.addedID("Zinc")
            #expect(try await lab.names("") == ["complete blood count", "Lipid profile", "Zinc"])
            #expect(
                try await lab.names("/all", as: lab.doctor)
                    == ["complete blood count", "Éosinophils", "Lipid profile", "Zinc"])
            let page = try await lab.app.get("/api/lab-tests?page=1&size=2", as: lab.patient)
            #expect(page.json.list.compactMap { $0["testName"].string } == ["Zinc"])
            #expect(page.header("X-Total-Count") == "3")
        }
    }

    @Test(
        "a name that folds like another's is taken, a retired one's too",
        arguments: DatabaseKind.available, ["cbc", " CBC ", "ＣＢＣ"])
    func duplicates(_ kind: DatabaseKind, _ name: String) async throws {
        try await withCatalogue(kind) { lab in
            let first = try await lab.addedID("CBC")
            let other = try await lab.addedID("Zinc")
            #expect(try await lab.app.delete("/api/lab-tests/\(first)", as: lab.admin).status == 200)
            let refused = [try await lab.add(name), try await lab.change(other, lab.body(name, "5"))]
            for answer in refused {
                #expect(answer.status == 409)
                #expect(answer.problemCode == "CONFLICT")
            }
            // Its own name in another spelling is no conflict.
            #expect(try await lab.change(first, lab.body(name, "5")).status == 200)
        }
    }

    @Test("of many who add one name at once, one succeeds", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<8 {
                    group.addTask { try await lab.add(index % 2 == 0 ? "Ferritin" : "FERRITIN ").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + [Int](repeating: 409, count: 7))
        }
    }

    @Test(
        "prices have eight digits and two decimals at most",
        arguments: [
            ("0.01", 201), ("99999999.99", 201), ("0", 400), ("-5", 400), ("0.001", 400), ("100000000", 400),
            ("12.345", 400), ("1e300", 400), ("\"12\"", 400), ("null", 400),
        ])
    func prices(_ price: String, _ status: Int) async throws {
        try await withCatalogue(.sqlite) { lab in
            let answer = try await lab.add("Ferritin", price)
            #expect(answer.status == status)
            if status == 400 { #expect(answer.fieldErrors == ["price"]) }
        }
    }

    @Test(
        "what is wrong with a test is named",
        arguments: [
            (#"{"price":5}"#, "testName"), (#"{"testName":" ","price":5}"#, "testName"),
            (#"{"testName":"\#(String(repeating: "a", count: 101))","price":5}"#, "testName"),
            (#"{"testName":"Ferritin"}"#, "price"),
            (#"{"testName":"A","price":5,"description":"\#(String(repeating: "a", count: 501))"}"#, "description"),
        ])
    func badInput(_ body: String, _ field: String) async throws {
        try await withCatalogue(.sqlite) { lab in
            let id = try await lab.addedID("Zinc")
            for answer in [
                try await lab.app.send(.post, "/api/lab-tests", as: lab.admin, body: body),
                try await lab.change(id, body),
            ] {
                #expect(answer.status == 400)
                #expect(answer.fieldErrors == [field])
            }
        }
    }

    @Test("a change keeps what it does not mention; a retired test stays retired", arguments: DatabaseKind.available)
    func partial(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let id = try await lab.addedID("Zinc", "10", #""description":"Serum""#)
            #expect(try await lab.app.delete("/api/lab-tests/\(id)", as: lab.admin).status == 200)
            lab.app.time.advance(by: .minutes(1))
            let changed = try await lab.change(id, lab.body("Zinc", "12"))
            #expect(changed["isActive"].bool == false)
            #expect(changed["description"].string == "Serum")
            #expect(changed["price"].double == 12)
            #expect(changed["updatedAt"].string == "2026-03-10T08:01:00")
            let back = try await lab.change(id, lab.body("Zinc", "12", #""isActive":true,"description":null"#))
            #expect(back["isActive"].bool == true)
            #expect(back["description"].isNull)
        }
    }

    @Test("nobody's change is lost: a change names the version it was made for", arguments: DatabaseKind.available)
    func versions(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let id = try await lab.addedID("Zinc")
            let tag = try #require(try await lab.app.get("/api/lab-tests/\(id)", as: lab.doctor).header("ETag"))
            let first = try await lab.change(id, lab.body("Zinc", "12"), match: tag)
            #expect(first.status == 200)
            let next = try #require(first.header("ETag"))
            #expect(next != tag)
            let second = try await lab.change(id, lab.body("Zinc", "13"), match: tag)
            #expect(second.status == 412)
            #expect(second.problemCode == "PRECONDITION_FAILED")
            #expect(try await lab.change(id, lab.body("Zinc", "13"), match: next).status == 200)
            #expect(try await lab.change(id, lab.body("Zinc", "14")).status == 200)
        }
    }

    @Test("of many who change one version at once, one succeeds", arguments: DatabaseKind.available)
    func versionRace(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let id = try await lab.addedID("Zinc")
            let tag = try #require(try await lab.app.get("/api/lab-tests/\(id)", as: lab.doctor).header("ETag"))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 1...6 {
                    group.addTask { try await lab.change(id, lab.body("Zinc", "\(index)"), match: tag).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + [Int](repeating: 412, count: 5))
        }
    }

    @Test("verified doctors and administrators change the catalogue, patients see what is active")
    func roles() async throws {
        try await withCatalogue(.sqlite) { lab in
            let id = try await lab.addedID("Zinc")
            let unverified = try await lab.app.registerDoctor(verified: false)
            #expect(try await lab.add("Iron", as: unverified).problemCode == "DOCTOR_NOT_VERIFIED")
            #expect(try await lab.change(id, lab.body("Zinc", "5"), as: unverified).status == 403)
            #expect(try await lab.change(987_654, lab.body("Zinc", "5"), as: unverified).status == 403)
            #expect(try await lab.add("Iron", as: lab.doctor).status == 201)
            #expect(try await lab.add("Copper", as: lab.patient).status == 403)
            #expect(try await lab.app.delete("/api/lab-tests/\(id)", as: lab.doctor).status == 403)
            #expect(try await lab.app.get("/api/lab-tests/all", as: lab.patient).status == 403)
            #expect(try await lab.app.get("/api/lab-tests/\(id)", as: lab.patient).status == 200)
            for _ in 0..<2 { #expect(try await lab.app.delete("/api/lab-tests/\(id)", as: lab.admin).status == 200) }
            let hidden = try await lab.app.get("/api/lab-tests/\(id)", as: lab.patient)
            #expect(hidden.status == 404)
            #expect(hidden.problemCode == "LAB_TEST_NOT_FOUND")
            #expect(try await lab.app.get("/api/lab-tests/\(id)", as: lab.doctor)["isActive"].bool == false)
            #expect(try await lab.app.delete("/api/lab-tests/987654", as: lab.admin).status == 404)
            #expect(try await lab.change(987_654, lab.body("Zinc", "5")).status == 404)
        }
    }

    @Test("the audit log tells the price before and after", arguments: DatabaseKind.available)
    func audit(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let id = try await lab.addedID("Zinc", "10")
            lab.app.time.advance(by: .seconds(1))
            _ = try await lab.change(id, lab.body("Zinc", "12.5"), as: lab.doctor)
            lab.app.time.advance(by: .seconds(1))
            _ = try await lab.app.delete("/api/lab-tests/\(id)", as: lab.admin)
            let lines: [String] = try await lab.app.database.read { db in
                try db.values(
                    """
                    SELECT actor_id || ': ' || coalesce(state_before, '-') || ' > ' || state_after FROM audit_log
                    WHERE entity = 'lab_tests' ORDER BY at
                    """)
            }
            #expect(
                lines == [
                    "\(lab.admin.id): - > 10.00 ACTIVE", "\(lab.doctor.id): 10.00 ACTIVE > 12.50 ACTIVE",
                    "\(lab.admin.id): 12.50 ACTIVE > 12.50 RETIRED",
                ])
        }
    }

    @Test("a repeated request adds one test", arguments: DatabaseKind.available)
    func idempotent(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let body = lab.body("Zinc", "10")
            let answers = [
                try await lab.app.send(
                    .post, "/api/lab-tests", as: lab.admin, headers: ["Idempotency-Key": "k"], body: body),
                try await lab.app.send(
                    .post, "/api/lab-tests", as: lab.admin, headers: ["Idempotency-Key": "k"], body: body),
            ]
            #expect(answers.map(\.status) == [201, 201])
            #expect(answers[0].text == answers[1].text)
        }
    }

    @Test(
        "a search takes either name of the parameter, and every character for itself", arguments: DatabaseKind.available
    )
    func search(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            for name in ["Complete blood count", "Blood 100% pure", "Blood_gas", "Ünique", "Zinc"] {
                _ = try await lab.addedID(name)
            }
            _ = try await lab.addedID("Blood retired", "5", #""isActive":false"#)
            let blood = ["Blood 100% pure", "Blood_gas", "Complete blood count"]
            #expect(try await lab.names("/search?testName=BLOOD") == blood)
            #expect(try await lab.names("/search?name=bLOOd%20") == blood)
            #expect(try await lab.names("/search?testName=zin&name=blood") == ["Zinc"])
            #expect(try await lab.names("/search?testName=%25") == ["Blood 100% pure"])
            #expect(try await lab.names("/search?testName=_") == ["Blood_gas"])
            #expect(try await lab.names("/search?testName=!") == [])
            #expect(try await lab.names("/search?testName=UNIQ") == ["Ünique"])
            #expect(try await lab.names("/search?name=%20").count == 5)
            #expect(try await lab.names("/search").count == 5)
        }
    }

    @Test("who has a list gets 304 until it changes", arguments: DatabaseKind.available)
    func tags(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            _ = try await lab.addedID("Zinc")
            let first = try await lab.app.get("/api/lab-tests", as: lab.patient)
            let tag = try #require(first.header("ETag"))
            let known = try await lab.app.get("/api/lab-tests", as: lab.patient, headers: ["If-None-Match": tag])
            #expect(known.status == 304)
            #expect(known.bytes.isEmpty)
            #expect(known.header("ETag") == tag)
            _ = try await lab.addedID("Iron")
            let changed = try await lab.app.get("/api/lab-tests", as: lab.patient, headers: ["If-None-Match": tag])
            #expect(changed.status == 200)
            #expect(changed.json.list.count == 2)
        }
    }

    @Test(
        "the price of several tests counts each once, and names what is not offered", arguments: DatabaseKind.available)
    func quote(_ kind: DatabaseKind) async throws {
        try await withCatalogue(kind) { lab in
            let zinc = try await lab.addedID("Zinc", "0.1")
            let iron = try await lab.addedID("Iron", "0.2")
            let retired = try await lab.addedID("Lead", "5", #""isActive":false"#)
            func quote(_ body: String) async throws -> TestResponse {
                try await lab.app.send(.post, "/api/lab-tests/calculate-price", as: lab.patient, body: body)
            }
            let both = try await quote("[\(zinc),\(iron),\(zinc)]")
            #expect(both.status == 200)
            #expect(both["totalPrice"].double == 0.3)
            #expect(both["testCount"].int == 2)
            let refused = try await quote("[\(zinc),\(retired),987654,-3]")
            #expect(refused.status == 400)
            #expect(refused.problemCode == "INVALID_ARGUMENT")
            for id in ["\(retired)", "987654", "-3"] { #expect(refused["message"].string?.contains(id) == true) }
            let hundred = (1...101).map { _ in "\(zinc)" }
            #expect(try await quote("[\(hundred.dropLast().joined(separator: ","))]")["testCount"].int == 1)
            for body in ["[\(hundred.joined(separator: ","))]", "[]", "{}", "[\"a\"]", "[1.5]", "[null]"] {
                #expect(try await quote(body).status == 400)
            }
        }
    }
}
