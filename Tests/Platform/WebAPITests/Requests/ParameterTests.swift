import CareSyncTesting
import Testing

@Suite("Path and query values")
struct ParameterTests {
    @Test(
        "a path value is percent-decoded, and a plus stays a plus",
        arguments: [("Ada", "Ada"), ("a+b", "a+b"), ("a%20b", "a b"), ("%C3%A4%2F%3f", "ä/?"), ("%2e%2e", "..")])
    func path(_ raw: String, _ name: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/names/\(raw)")
            #expect(answer.json["name"].string == name)
        }
    }

    @Test("a broken path value is refused by name", arguments: ["%", "%4", "%zz", "a%00b", "%FF", "%C3", "%ED%A0%80"])
    func brokenPath(_ raw: String) async throws {
        try await withToys { toys in
            try await toys.get("/api/names/\(raw)").expectFailure(400, "INVALID_ARGUMENT", field: "name")
        }
    }

    @Test(
        "a path id is a whole number from 1 to 2^53 - 1",
        arguments: [
            "0", "-1", "1.0", "x", "9007199254740992", "99999999999999999999", "+5", "%205", "5%20", "٥", "0x5",
        ])
    func pathID(_ raw: String) async throws {
        try await withToys { toys in
            let raw = raw == "٥" ? "%D9%A5" : raw
            try await toys.get("/api/toys/\(raw)", as: "patient").expectFailure(400, "INVALID_ARGUMENT", field: "id")
            #expect(try await toys.get("/api/toys/9007199254740991", as: "patient").code == "TOY_NOT_FOUND")
        }
    }

    @Test(
        "a query value is decoded, with a plus for a blank",
        arguments: [
            ("name=a+b", "a b"), ("name=a%2Bb", "a+b"), ("n%61me=x", "x"), ("name=a=b", "a=b"), ("&&name=x&", "x"),
        ])
    func query(_ query: String, _ name: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys?size=1&\(query)")
            #expect(answer.json["[0].name"].string == name)
        }
    }

    @Test(
        "a query value that cannot be is refused by name",
        arguments: [
            ("name=%zz", "name"), ("name=%00", "name"), ("name=%FF", "name"), ("%zz=1", "query"),
            ("name=a&name=b", "name"), ("name=a&name=", "name"), ("color=BLUE", "color"), ("color=red", "color"),
            ("maxPrice=0.005", "maxPrice"), ("maxPrice=1e3x", "maxPrice"), ("maxPrice=NaN", "maxPrice"),
            ("limit=1.5", "limit"), ("limit=99999999999999999999", "limit"), ("limit=+1", "limit"),
            ("isNew=1", "isNew"),
            ("isNew=TRUE", "isNew"), ("madeOn=2026-02-29", "madeOn"), ("name=123456789012345678901", "name"),
            ("page=-1", "page"), ("page=1000001", "page"), ("size=0", "size"), ("size=101", "size"), ("size=x", "size"),
        ])
    func refused(_ query: String, _ field: String) async throws {
        try await withToys { toys in
            try await toys.get("/api/toys?\(query)").expectFailure(400, "INVALID_ARGUMENT", field: field)
        }
    }

    @Test(
        "an empty value counts as absent, an unknown one is ignored",
        arguments: ["name=", "name", "color=&page=", "zz=1&zz=2"])
    func absent(_ query: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys?\(query)")
            #expect(answer.status == 200)
            #expect(answer.json["[0].name"].string == "Toy")
            #expect(answer.header("X-Total-Count") == nil)
        }
    }

    @Test("pages count from 0 and say how many rows there are, a list without pages says that it was cut")
    func pages() async throws {
        try await withToys { toys in
            let page = try await toys.get("/api/toys?page=1000000&size=100")
            #expect(page.json.list.count == 100)
            #expect(page.header("X-Total-Count") == "901")
            #expect(page.header("X-Truncated") == nil)
            #expect(try await toys.get("/api/toys?page=0").json.list.count == 20)
            let whole = try await toys.get("/api/toys")
            #expect(whole.json.list.count == 500)
            #expect(whole.header("X-Truncated") == "true")
            #expect(whole.header("X-Total-Count") == nil)
        }
    }
}
