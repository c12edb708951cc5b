import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Request bodies")
struct BodyTests {
    @Test(
        "a body of another type is 415",
        arguments: ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""])
    func wrongType(_ type: String) async throws {
        try await withToys { toys in
            let answer = try await toys.post("/api/echo", "{}", headers: ["Content-Type": type])
            answer.expectFailure(415, "UNSUPPORTED_MEDIA_TYPE")
        }
    }

    @Test(
        "JSON is known by its type, whatever its case and parameters, or by no type at all",
        arguments: ["application/json", "APPLICATION/JSON; charset=utf-8", "application/merge-patch+json", nil])
    func jsonType(_ type: String?) async throws {
        try await withToys { toys in
            let headers = type.map { ["Content-Type": $0] } ?? [:]
            let answer = try await toys.send(.post, "/api/echo", "{\"name\":\"Bear\",\"price\":1}", headers: headers)
            #expect(answer.json["name"].string == "Bear")
        }
    }

    @Test("a body over the endpoint's limit is 413, one at the limit is read")
    func tooLarge() async throws {
        try await withToys { toys in
            let frame = "{\"name\":\"Bear\",\"price\":1}"
            let padding = String(repeating: " ", count: 4_096 - frame.utf8.count)
            #expect(try await toys.echo(frame + padding).status == 200)
            try await toys.echo(frame + padding + " ").expectFailure(413, "PAYLOAD_TOO_LARGE")
            let form = try await toys.send(
                .post, "/api/forms", String(repeating: "x", count: 65_537),
                headers: ["Content-Type": "multipart/form-data; boundary=b"])
            form.expectFailure(413, "FILE_TOO_LARGE")
        }
    }

    @Test(
        "what is not strict JSON is refused at its place",
        arguments: [
            ("", nil), ("   ", "body"), ("{", "body"), ("{\"name\":}", "name"), ("{\"name\":\"a\",}", "body"),
            ("{'name':1}", "body"), ("{\"price\":01}", "price"), ("{\"price\":NaN}", "price"), ("{} {}", "body"),
            ("{\"name\":\"a\",\"name\":\"b\"}", "name"), ("{\"n\\u0061me\":\"a\",\"name\":\"b\"}", "name"),
            ("{\"name\":\"\\u0000\"}", "name"), ("{\"name\":\"\u{0}\"}", "name"), ("{\"name\":\"\\ud800\"}", "name"),
            ("{\"name\":\"\\udc00\\ud800\"}", "name"), ("{\"parts\":[{\"title\":\"\\ud83d\"}]}", "parts[0].title"),
            ("{\"parts\":[{},{\"title\":tru}]}", "parts[1].title"), ("\u{FEFF}{}", "body"), ("// {}", "body"),
        ] as [(String, String?)])
    func malformed(_ body: String, _ field: String?) async throws {
        try await withToys { toys in
            try await toys.echo(body).expectFailure(400, "MALFORMED_REQUEST", field: field)
        }
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUnicode() async throws {
        try await withToys { toys in
            let body = Array("{\"name\":\"".utf8) + [0xFF, 0xC0, 0x80] + Array("\"}".utf8)
            try await toys.send(.post, "/api/echo", bytes: body).expectFailure(400, "MALFORMED_REQUEST", field: "name")
        }
    }

    @Test("nesting beyond 32 levels is refused")
    func depth() async throws {
        try await withToys { toys in
            let deep = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
            try await toys.echo(deep).expectFailure(
                400, "MALFORMED_REQUEST", field: String(repeating: "[0]", count: 32))
        }
    }

    @Test(
        "a value of the wrong kind is refused by name",
        arguments: [
            ("[]", "body"), ("null", "body"), ("7", "body"), ("\"text\"", "body"), ("{}", "name"),
            ("{\"name\":null,\"price\":1}", "name"), ("{\"name\":7,\"price\":1}", "name"),
            ("{\"name\":\"a\"}", "price"),
            ("{\"name\":\"a\",\"price\":\"1\"}", "price"), ("{\"name\":\"a\",\"price\":0.005}", "price"),
            ("{\"name\":\"a\",\"price\":1e400}", "price"), ("{\"name\":\"a\",\"price\":1,\"id\":0}", "id"),
            ("{\"name\":\"a\",\"price\":1,\"id\":-5}", "id"),
            ("{\"name\":\"a\",\"price\":1,\"id\":9007199254740992}", "id"),
            ("{\"name\":\"a\",\"price\":1,\"id\":1.0}", "id"), ("{\"name\":\"a\",\"price\":1,\"id\":1e30}", "id"),
            ("{\"name\":\"a\",\"price\":1,\"color\":\"BLUE\"}", "color"),
            ("{\"name\":\"a\",\"price\":1,\"color\":1}", "color"),
            ("{\"name\":\"a\",\"price\":1,\"madeOn\":\"2026-02-29\"}", "madeOn"),
            ("{\"name\":\"a\",\"price\":1,\"soldAt\":\"yesterday\"}", "soldAt"),
            ("{\"name\":\"a\",\"price\":1,\"isNew\":\"true\"}", "isNew"),
            ("{\"name\":\"a\",\"price\":1,\"count\":101}", "count"),
            ("{\"name\":\"a\",\"price\":1,\"parts\":{}}", "parts"),
            ("{\"name\":\"a\",\"price\":1,\"parts\":[7]}", "parts[0]"),
            ("{\"name\":\"a\",\"price\":1,\"parts\":[{\"title\":\"x\"},{}]}", "parts[1].title"),
            ("{\"name\":\"a\",\"price\":1,\"notes\":{\"k\":1}}", "notes.k"), ("{\"name\":\" \",\"price\":1}", "name"),
            ("{\"name\":\"\(String(repeating: "n", count: 41))\",\"price\":1}", "name"),
        ])
    func wrongKind(_ body: String, _ field: String) async throws {
        try await withToys { toys in
            try await toys.echo(body).expectFailure(400, "VALIDATION_FAILED", field: field)
        }
    }

    @Test("unknown members are ignored, and so is the body of an endpoint that needs none")
    func ignored() async throws {
        try await withToys { toys in
            let echo = try await toys.echo("{\"name\":\"a\",\"price\":1,\"more\":{\"x\":[]}}")
            #expect(echo.status == 200)
            for body in [nil, "", "{}", "not json"] {
                let answer = try await toys.send(.put, "/api/toys/5/parts", body)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a partial update tells an absent member from null")
    func patch() async throws {
        try await withToys { toys in
            for (body, name) in [("{}", "unchanged"), ("{\"name\":null}", nil), ("{\"name\":\"new\"}", "new")] {
                let answer = try await toys.send(.put, "/api/toys/5", body, as: "admin")
                #expect(answer.json["name"].string == name)
            }
        }
    }
}
