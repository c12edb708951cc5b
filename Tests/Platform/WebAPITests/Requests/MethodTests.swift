import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Methods")
struct MethodTests {
    @Test("HEAD tells what GET tells, without the body", arguments: HeaderTests.paths)
    func head(_ path: String) async throws {
        try await withToys { toys in
            let get = try await toys.get(path)
            let head = try await toys.send(.head, path)
            #expect(head.status == get.status)
            #expect(head.bytes.isEmpty)
            let names = get.headers.map(\.name).filter { $0.rawName != "X-Request-Id" && $0 != .transferEncoding }
            for name in names { #expect(head.headers[name] == get.headers[name], "\(name)") }
        }
    }

    @Test("OPTIONS tells what can be done with a path, and is unknown where nothing can")
    func options() async throws {
        try await withToys { toys in
            let answer = try await toys.send(.options, "/api/toys/5")
            #expect(answer.status == 204)
            #expect(answer.bytes.isEmpty)
            #expect(answer.header("Allow") == "DELETE, GET, HEAD, PATCH, PUT, OPTIONS")
            try await toys.send(.options, "/api/nowhere").expectFailure(404, "NOT_FOUND")
        }
    }

    @Test("PATCH and PUT reach their endpoints", arguments: [HTTPRequest.Method.patch, .put])
    func change(_ method: HTTPRequest.Method) async throws {
        try await withToys { toys in
            let answer = try await toys.send(method, "/api/toys/5", "{\"name\":\"Bear\"}", as: "doctor")
            #expect(answer.json["name"].string == "Bear")
        }
    }

    @Test("a body in a coding that nobody unpacks is 415", arguments: ["gzip", "br", "GZIP, identity", "x", ""])
    func coding(_ coding: String) async throws {
        try await withToys { toys in
            let answer = try await toys.post("/api/echo", "{}", headers: ["Content-Encoding": coding])
            answer.expectFailure(415, "UNSUPPORTED_MEDIA_TYPE")
        }
    }

    @Test("a body as it is may say so", arguments: ["identity", "Identity"])
    func identity(_ coding: String) async throws {
        try await withToys { toys in
            let body = "{\"name\":\"Bear\",\"price\":1}"
            let response = try await toys.post("/api/echo", body, headers: ["Content-Encoding": coding])
            #expect(response.status == 200)
        }
    }
}
