import CareSyncTesting
import HTTPTypes
import Testing

/// What only a socket shows: bytes that never become a request.
@Suite("Bytes on a connection", .timeLimit(.minutes(10)))
struct RawConnectionTests {
    private func exchange(_ bytes: String) async throws -> String {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            return await connection.readToEnd()
        }
    }

    private func expectRefusal(_ answer: String, _ status: Int = 400, _ code: String = "MALFORMED_REQUEST") {
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        let fields = answer.lowercased()
        for field in ["connection: close", "content-type: application/json", "x-content-type-options: nosniff"] {
            #expect(fields.contains(field))
        }
        let (_, body) = RawConnection.parse(answer)
        let parsed = ReceivedResponse(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], bytes: Array(body.utf8))
        #expect(parsed.json["status"].int == status)
        let requestID = parsed.json["requestId"].string ?? ""
        #expect(!requestID.isEmpty && fields.contains("x-request-id: \(requestID)\r\n"))
        #expect(parsed.code == code)
        #expect(parsed.json["error"].string == parsed.json["message"].string)
        #expect(
            parsed.json.keys == ["code", "error", "fieldErrors", "message", "path", "requestId", "status", "timestamp"])
    }

    @Test(
        "bytes that are not HTTP get the error body, and the connection ends",
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "hello\r\n\r\n", "GET / HTTP/9\r\n\r\n", "GET / HTTP/1.7\r\n\r\n",
            "GET /\r\n\r\n", "GET / HTTP/1.1\r\nNo colon\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n folded\r\nX\u{0}: y\r\n\r\n", "GET / HTTP/1.1\r\nA\u{1}: b\r\n\r\n",
            "GET /a b HTTP/1.1\r\n\r\n", "GET / XTTP/1.1\r\n\r\n", "GET nowhere HTTP/1.1\r\n\r\n",
        ])
    func notHTTP(_ bytes: String) async throws {
        expectRefusal(try await exchange(bytes))
    }

    @Test(
        "a body whose length is told in two ways is refused: it could hide a second request",
        arguments: [
            "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: -1",
            "Content-Length: 0x5",
            "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 99999999999999999999999", "Content-Length: 5 5", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: xchunked",
        ])
    func smuggling(_ headers: String) async throws {
        let answer = try await exchange(
            "POST /api/echo HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\n0\r\n\r\nGET /api/catalogue HTTP/1.1\r\n\r\n"
        )
        expectRefusal(answer)
        #expect(!answer.contains("Toys for all"))
    }

    @Test(
        "a broken chunk ends the request without running it",
        arguments: ["zz\r\n{}\r\n", "2\r\n{}x\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFFF\r\n{}", "-2\r\n{}\r\n", "\r\n"])
    func chunks(_ chunk: String) async throws {
        let answer = try await exchange(
            "PUT /api/toys/5/parts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)")
        expectRefusal(answer)
        #expect(!answer.contains("pong"))
    }

    @Test("headers beyond the limits are 431")
    func headerOverflow() async throws {
        let long = String(repeating: "x", count: 20_000)
        expectRefusal(try await exchange("GET / HTTP/1.1\r\nA: \(long)\r\n\r\n"), 431, "HEADERS_TOO_LARGE")
        let many = (0..<200).map { "A\($0): x\r\n" }.joined()
        expectRefusal(try await exchange("GET / HTTP/1.1\r\n\(many)\r\n"), 431, "HEADERS_TOO_LARGE")
    }

    @Test("requests that came whole are answered before the bytes behind them are refused")
    func pipelined() async throws {
        let request = "GET /api/toys/5/parts HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for count in 1...3 {
            let answer = try await exchange(String(repeating: request, count: count) + "garbage\r\n\r\n")
            let answers = answer.components(of: "HTTP/1.1 ")
            #expect(answers.count == count + 1)
            for answer in answers.dropLast() { #expect(answer.hasSuffix("[\"5\"]")) }
            expectRefusal("HTTP/1.1 " + (answers.last ?? ""))
        }
    }

    @Test("a stream in progress is finished before the bytes behind it are refused")
    func pipelinedStream() async throws {
        let answer = try await exchange("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\ngarbage\r\n\r\n")
        let answers = answer.components(of: "HTTP/1.1 ")
        #expect(answers.count == 2)
        #expect(answers.first?.hasSuffix("part 2\n\r\n0\r\n\r\n") == true)
        expectRefusal("HTTP/1.1 " + (answers.last ?? ""))
    }

    @Test("a request that was answered before its body broke gets no second answer")
    func answeredEarly() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/toys HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
            let first = await connection.read(until: "UNAUTHENTICATED\"")
            #expect(first.hasPrefix("HTTP/1.1 401 "))
            try connection.send("zz\r\n")
            #expect(await connection.readToEnd().contains("HTTP/1.1") == false)
        }
    }

    @Test("a chunked body over the limit is 413, and the connection goes on behind it")
    func chunkedTooLarge() async throws {
        let chunk = "1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n"
        let answer = try await exchange(
            "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)0\r\n\r\n"
                + "GET /api/catalogue HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answers = answer.components(of: "HTTP/1.1 ")
        #expect(answers.count == 2)
        #expect(answers.first?.hasPrefix("413 ") == true)
        #expect(answers.last?.contains("Toys for all") == true)
    }

    @Test("a body that ends with the connection is not run, and no fault is logged", arguments: ["", "{}", "{}1"])
    func brokenOff(_ body: String) async throws {
        let app = try ToyApp()
        try await withToyServer(app) { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "PUT /api/toys/5/parts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n\(body)")
            connection.finishSending()
            #expect(await connection.readToEnd().contains("pong") == false)
        }
        #expect(!app.log.text.contains("fault"))
    }

    @Test("HEAD sends no body, so the next answer begins where the client looks for it")
    func head() async throws {
        let answer = try await exchange(
            "HEAD /api/catalogue HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /api/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + "HEAD /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + "GET /api/toys/5/parts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answers = answer.components(of: "HTTP/1.1 ")
        #expect(answers.count == 4)
        for answer in answers.prefix(3) { #expect(answer.hasSuffix("\r\n\r\n")) }
        #expect(answers.last?.hasSuffix("[\"5\"]") == true)
    }

    @Test(
        "odd requests that are HTTP are answered",
        arguments: [
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET http://localhost/nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /%zz?%zz#%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ])
    func odd(_ bytes: String) async throws {
        #expect(try await exchange(bytes).hasPrefix("HTTP/1.1 404 "))
    }

    @Test("seeded garbage on many connections never stops the server")
    func garbage() async throws {
        let random = SeededRandom(seed: 9)
        let pieces = [
            "GET ", "POST ", "/api/echo", " HTTP/1.1", "\r\n", "\r\n\r\n", "Content-Length: ", "7",
            "Transfer-Encoding: chunked",
            "\u{0}", "\u{7F}", "é", ": ", "0\r\n\r\n", "{}", "Host: x", "HTTP/1.0", "\n",
        ]
        let app = try ToyApp()
        try await withToyServer(app) { port in
            for _ in 0..<150 {
                let connection = try RawConnection(port: port)
                let bytes = (0..<random.below(30)).map { _ in pieces[random.below(pieces.count)] }.joined()
                // The server may close while we still write.
                try? connection.send(bytes)
                connection.finishSending()
                let answer = await connection.readToEnd()
                #expect(!answer.contains("HTTP/1.1 5"))
            }
            let connection = try RawConnection(port: port)
            try connection.send("GET /api/catalogue HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(await connection.readToEnd().contains("Toys for all"))
        }
        #expect(!app.log.text.contains("fault"))
    }
}

extension String {
    /// What follows each mark, up to the next.
    fileprivate func components(of mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: true).map(String.init)
    }
}
