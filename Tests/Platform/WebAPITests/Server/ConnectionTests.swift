import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import Testing
import WebAPI

/// What a connection does between its requests and around them.
@Suite("Connections", .timeLimit(.minutes(10)))
struct ConnectionTests {
    private static let catalogue = "GET /api/catalogue HTTP/1.1\r\nHost: localhost\r\n"

    private func exchange(_ bytes: String) async throws -> String {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            return await connection.readToEnd()
        }
    }

    @Test(
        "a request of HTTP/1.1 names its host once, or is refused and the connection ends",
        arguments: [
            "", "Host: a\r\nHost: b\r\n", "Host: a\r\nhOST: a\r\n", "Host: a b\r\n", "Host: a, b\r\n", "Host: a/b\r\n",
            "Host: é\r\n", "Host: x@a\r\n",
        ])
    func host(_ fields: String) async throws {
        let answer = try await exchange(
            "GET /api/catalogue HTTP/1.1\r\n\(fields)\r\nGET /api/catalogue HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("\"MALFORMED_REQUEST\""))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.contains("\"path\":\"/api/catalogue\""))
        #expect(!answer.contains("Toys for all"))
    }

    @Test("a refused host ends a request with a body as well, whatever the body is")
    func hostWithBody() async throws {
        let answer = try await exchange("POST /api/echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\(Self.catalogue)\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(!answer.contains("Toys for all"))
    }

    @Test("a client of HTTP/1.0 needs no host and gets the end of the connection behind its answer")
    func old() async throws {
        let answer = try await exchange("GET /api/catalogue HTTP/1.0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.hasSuffix("{\"message\":\"Toys for all\"}"))
    }

    @Test("a client of HTTP/1.0 that asks to keep the connection is told that it can, and gets the next answer")
    func oldAndKept() async throws {
        let answer = try await exchange(
            "GET /api/catalogue HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /api/catalogue HTTP/1.0\r\n\r\n")
        let answers = answer.components(separatedBy: "HTTP/1.1 200 ").dropFirst()
        #expect(answers.first?.contains("\r\nConnection: keep-alive\r\n") == true)
        #expect(answers.last?.contains("\r\nConnection: close\r\n") == true)
        #expect(answers.count == 2)
    }

    @Test("a client of HTTP/1.0 gets a stream without chunks")
    func oldStream() async throws {
        let answer = try await exchange("GET /api/stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(!answer.contains("chunked"))
        #expect(answer.hasSuffix("\r\n\r\npart 0\npart 1\npart 2\n"))
    }

    @Test("a client that asks for the connection to end is told so, and it ends")
    func close() async throws {
        let answer = try await exchange(Self.catalogue + "Connection: close\r\n\r\n" + Self.catalogue + "\r\n")
        #expect(answer.components(separatedBy: "Toys for all").count == 2)
        #expect(answer.contains("Connection: close\r\n"))
    }

    @Test("thousands of requests sent at once are answered in their order")
    func pipelined() async throws {
        let count = 3_000
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            async let answer = connection.readToEnd()
            for number in 1...count {
                let ending = number == count ? "Connection: close\r\n" : ""
                try connection.send("PUT /api/toys/\(number)/parts HTTP/1.1\r\nHost: a\r\n\(ending)\r\n")
            }
            return await answer
        }
        let answers = answer.components(separatedBy: "HTTP/1.1 200 ").dropFirst()
        #expect(answers.count == count)
        for (number, answer) in zip(1..., answers) { #expect(answer.hasSuffix("\"pong \(number)\"}")) }
    }

    @Test("a client that reads late makes the server wait, and then gets every answer")
    func lateReader() async throws {
        let count = 1_500
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            // 10 KB for each of them, far more than the sockets hold.
            for number in 1...count {
                let ending = number == count ? "Connection: close\r\n" : ""
                try connection.send("GET /api/toys?size=100&page=\(number) HTTP/1.1\r\nHost: a\r\n\(ending)\r\n")
            }
            return await connection.readToEnd()
        }
        #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count == count + 1)
    }

    @Test("a body that comes byte by byte is put together, and the next request is found behind it")
    func trickle() async throws {
        let body = #"{"name":"Bear","price":12.5}"#
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            let head = "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            for character in head + body { try connection.send(String(character)) }
            try connection.send(Self.catalogue + "Connection: close\r\n\r\n")
            return await connection.readToEnd()
        }
        #expect(answer.contains("Bear"))
        #expect(answer.hasSuffix("{\"message\":\"Toys for all\"}"))
    }

    @Test(
        "a request that does not arrive in its time is cut off, however patient the connection is",
        arguments: [
            "GET /api/catalogue HTTP/1.1\r\nHost: a\r\nX-Slow: ",
            "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
            "POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
        ])
    func slow(_ beginning: String) async throws {
        let limits = ConnectionLimits(idleTime: .hours(1), arrivalTime: .milliseconds(50))
        try await withToyServer(limits: limits) { port in
            // The first request of a connection and the second.
            for isFirst in [true, false] {
                let connection = try RawConnection(port: port)
                if !isFirst {
                    try connection.send(Self.catalogue + "\r\n")
                    _ = await connection.read(until: "Toys for all")
                }
                // On a busy machine it may be cut before the last byte.
                for byte in beginning { try? connection.send(String(byte)) }
                _ = await connection.readToEnd()
                // Reading also ends when nothing comes for long; only a connection that was cut takes nothing any more.
                #expect(throws: RawConnection.Failure.self) {
                    for _ in 0..<1_000 { try connection.send(" ") }
                }
            }
        }
    }

    @Test("between two requests a connection may be silent for longer than one of them may take to arrive")
    func pause() async throws {
        let limits = ConnectionLimits(idleTime: .hours(1), arrivalTime: .milliseconds(50))
        try await withToyServer(limits: limits) { port in
            let connection = try RawConnection(port: port)
            for _ in 0..<2 {
                try connection.send(Self.catalogue + "\r\n")
                #expect(await connection.read(until: "Toys for all").contains("HTTP/1.1 200 "))
                // Silence is what is tried; were it longer, the outcome would be the same.
                try await Task.sleep(for: .milliseconds(200))
            }
            try connection.send(Self.catalogue + "Connection: close\r\n\r\n")
            #expect(await connection.readToEnd().contains("Toys for all"))
        }
    }

    @Test("a body far beyond what is read ahead arrives whole")
    func large() async throws {
        // The form's limit is 64 KiB; with the boundary lines it stays below.
        let content = String(repeating: "0123456789", count: 6_400)
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n\(content)\r\n--b--"
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/forms HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                    + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
            for piece in stride(from: 0, to: body.utf8.count, by: 7_000) {
                try connection.send(String(body.dropFirst(piece).prefix(7_000)))
            }
            return await connection.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("\"length\":64000"))
    }

    @Test("every answer has the fields that frame it, and the date")
    func framing() async throws {
        let answer = try await exchange(Self.catalogue + "Connection: close\r\n\r\n")
        #expect(answer.contains("\r\nContent-Length: 26\r\n"))
        // The toys' clock stands still.
        #expect(answer.contains("\r\nDate: Tue, 10 Mar 2026 04:00:00 GMT\r\n"))
        #expect(answer.components(separatedBy: "\r\nContent-Length:").count == 2)
    }

    @Test(
        "white space around a value is no part of it",
        arguments: [
            "Authorization: Bearer doctor", "Authorization:Bearer  doctor ", "Authorization: \t Bearer doctor\t ",
        ])
    func blanks(_ field: String) async throws {
        let answer = try await exchange(
            "GET /api/names/x HTTP/1.1\r\nHost: a \t\r\n\(field)\r\nConnection: close\r\n\r\n")
        #expect(answer.hasSuffix("{\"name\":\"x\",\"caller\":\"doctor\"}"))
    }

    @Test("a value that a client chose cannot begin a header of its own")
    func injection() async throws {
        let answer = try await exchange(
            "GET /api/file?name=a%0D%0AX-Evil:%20b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        let head = answer.components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.components(separatedBy: "\r\n").contains { $0.hasPrefix("X-Evil") })
        #expect(head.contains("text/plain  X-Evil: type"))
    }

    @Test("an answer that says nothing of its body has none")
    func bodiless() async throws {
        let answer = try await exchange(Self.catalogue + "If-None-Match: *\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 304 "))
        #expect(!answer.lowercased().contains("content-length"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }
}
