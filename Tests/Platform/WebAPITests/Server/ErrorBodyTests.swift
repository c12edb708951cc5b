import CareSyncTesting
import HTTPServer
import HTTPTypes
import NIOCore
import Testing
import WebAPI

@Suite("Error bodies")
struct ErrorBodyTests {
    @Test("an unknown route is 404", arguments: ["/", "/api", "/api/toys/1/2/3", "/api/Toys", "/%00", "/api/toys%2F1"])
    func unknownRoute(_ path: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get(path)
            answer.expectFailure(404, "NOT_FOUND")
            #expect(answer.json["path"].string == path)
        }
    }

    @Test(
        "a known path refuses other methods with 405 and names the ones it has",
        arguments: [
            ("PATCH", "/api/toys", "GET, HEAD, POST"), ("DELETE", "/api/echo", "POST"),
            ("HEAD", "/api/echo", "POST"), ("TRACE", "/api/echo", "POST"),
            ("PROPFIND", "/api/toys/7", "DELETE, GET, HEAD, PATCH, PUT"),
            ("POST", "/api/toys/7/parts", "DELETE, GET, HEAD, PUT"), ("POST", "/page", "GET, HEAD"),
        ])
    func wrongMethod(_ method: String, _ path: String, _ allowed: String) async throws {
        let page = StaticPage("/page") { _ in Response(contentType: "text/plain", body: .bytes(.init(string: "page"))) }
        try await ToyApp(pages: [page]).test { toys in
            let answer = try await toys.send(try #require(HTTPRequest.Method(method)), path)
            #expect(answer.status == 405)
            #expect(answer.header("Allow") == allowed)
            if method != "HEAD" { answer.expectFailure(405, "METHOD_NOT_ALLOWED") }
        }
    }

    /// NIO's parser stops before the path, so there is no route whose methods could be named (rules/http 1).
    @Test("a method that HTTP does not know is no request")
    func unknownMethod() async throws {
        try await withToys { toys in
            let answer = try await toys.send(try #require(HTTPRequest.Method("FOO")), "/api/toys")
            answer.expectFailure(400, "MALFORMED_REQUEST")
        }
    }

    @Test("paths that differ only in the names of their parameters are one place")
    func parameterNames() async throws {
        try await withToys { toys in
            #expect(try await toys.get("/api/toys/5", as: "patient").json["id"].int == 5)
            let changed = try await toys.send(.put, "/api/toys/5", "{\"name\":\"new\"}", as: "admin")
            #expect(changed.json["name"].string == "new")
            #expect(try await toys.send(.put, "/api/toys/5/parts").json["message"].string == "pong 5")
            #expect(try await toys.get("/api/toys/5/parts").text == "[\"5\"]")
            #expect(try await toys.get("/api/toys/search").status == 200)
        }
    }

    @Test("HEAD is answered like GET, without the body")
    func head() async throws {
        let page = StaticPage("/page") { _ in Response(contentType: "text/plain", body: .bytes(.init(string: "page"))) }
        try await ToyApp(pages: [page]).test { toys in
            for (path, length) in [("/api/toys/5/parts", "5"), ("/page", "4")] {
                let answer = try await toys.send(.head, path)
                #expect(answer.status == 200)
                #expect(answer.bytes.isEmpty)
                #expect(answer.header("Content-Length") == length)
            }
            for (path, status) in [("/api/nowhere", 404), ("/api/toys/5", 401), ("/api/fails/error", 500)] {
                let answer = try await toys.send(.head, path)
                #expect(answer.status == status)
                #expect(answer.bytes.isEmpty)
                #expect(answer.header("Content-Length") != "0")
            }
        }
    }

    @Test("a feature's failure shows its code, its details and Retry-After")
    func failure() async throws {
        try await withToys { toys in
            let busy = try await toys.get("/api/fails/busy")
            busy.expectFailure(429, "TOY_BUSY")
            #expect(busy.header("Retry-After") == "7")
            #expect(try await toys.get("/api/fails/database").status == 503)
            let missing = try await toys.get("/api/toys/1000", as: "doctor")
            missing.expectFailure(404, "TOY_NOT_FOUND")
        }
    }

    @Test(
        "an error nobody expected is a bare 500 that is logged once, without its text", arguments: ["error", "detail"])
    func fault(_ kind: String) async throws {
        let app = try ToyApp()
        try await app.test { toys in
            let answer = try await toys.get("/api/fails/\(kind)", headers: ["X-Request-Id": "request-4711"])
            answer.expectFailure(500, "INTERNAL")
            #expect(!answer.text.contains("SELECT"))
            #expect(!answer.text.contains("SecretError"))
        }
        #expect(app.log.text.split(separator: "\n").count { $0.contains("request-4711") } == 1)
        #expect(app.log.text.contains("/api/fails/\(kind)"))
        #expect(!app.log.text.contains("SELECT"))
    }

    @Test("a database that cannot store is 503 for the caller, and in the log for whoever runs it")
    func storage() async throws {
        let app = try ToyApp()
        try await app.test { toys in
            let answer = try await toys.get("/api/fails/disk")
            answer.expectFailure(503, "UNAVAILABLE")
            #expect(answer.header("Retry-After") != nil)
            #expect(!answer.text.contains("SQLITE"))
        }
        #expect(app.log.text.contains("SQLITE_FULL"))
    }

    @Test("expected failures are not logged")
    func quiet() async throws {
        let app = try ToyApp()
        try await app.test { toys in
            _ = try await toys.get("/api/nowhere")
            _ = try await toys.get("/api/fails/busy")
            _ = try await toys.echo("{")
        }
        #expect(app.log.text.isEmpty)
    }

    @Test("an endpoint or a page that is declared twice is refused at start")
    func declaredTwice() throws {
        let page = StaticPage("/page") { _ in Response(contentType: nil, body: .bytes(.init())) }
        #expect(throws: (any Error).self) { try ToyApp(pages: [page, page]) }
        let toys = StaticPage("/api/toys") { _ in Response(contentType: nil, body: .bytes(.init())) }
        #expect(throws: (any Error).self) { try ToyApp(pages: [toys]) }
    }
}
