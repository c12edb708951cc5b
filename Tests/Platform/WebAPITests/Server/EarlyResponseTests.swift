import CareSyncTesting
import Testing

/// Requests that are answered before their body has come.
@Suite("Early answers", .timeLimit(.minutes(10)))
struct EarlyResponseTests {
    private static let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"

    /// Sends pieces of a body until the server wants no more; how many it took of 1,024, which are 64 MiB.
    private func pour(_ piece: String, into connection: RawConnection) -> Int {
        for count in 0..<1_024 {
            do { try connection.send(piece) } catch { return count }
        }
        return 1_024
    }

    @Test(
        "a long rest of a refused body is not read: the answer says so, and the connection ends",
        arguments: ["Transfer-Encoding: chunked", "Content-Length: 1000000000"])
    func endless(_ length: String) async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send("POST /api/toys HTTP/1.1\r\nHost: localhost\r\n\(length)\r\n\r\n")
            let answer = await connection.read(until: "UNAUTHENTICATED\"")
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
            #expect(answer.lowercased().contains("connection: close\r\n"))
            #expect(pour(Self.chunk, into: connection) < 1_024)
        }
    }

    @Test("a body over the limit is refused once, and no more of it is read")
    func tooLarge() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"
                    + String(repeating: "x", count: 0x1000) + "\r\n1\r\nx\r\n")
            let answer = await connection.read(until: "PAYLOAD_TOO_LARGE\"")
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("connection: close\r\n"))
            #expect(pour(Self.chunk, into: connection) < 1_024)
        }
    }

    @Test("a client that stops at the refusal reads all of it and then the end")
    func polite() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send("POST /api/toys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx")
            let (status, body) = RawConnection.parse(await connection.readToEnd())
            #expect(status == 401)
            #expect(body.hasSuffix("\"fieldErrors\":[]}"))
        }
    }

    @Test("nothing is taken for a request that comes behind a refused body")
    func nothingBehind() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/toys HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
            let answer = await connection.read(until: "UNAUTHENTICATED\"")
            // The server may be gone already.
            try? connection.send("0\r\n\r\nGET /api/catalogue HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let rest = await connection.readToEnd()
            #expect(!(answer + rest).contains("Toys for all"))
        }
    }

    @Test("a client that waits to be asked for its body is not kept waiting, and the connection ends")
    func expecting() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/toys HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            let answer = await connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
            #expect(answer.lowercased().contains("connection: close\r\n"))
        }
    }

    @Test("a client that waits to be asked for its body is asked once it is admitted")
    func invited() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            let body = #"{"name":"Bear","price":12.5}"#
            try connection.send(
                "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
            #expect(await connection.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try connection.send(body)
            let answer = await connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("Bear"))
        }
    }

    @Test("a short rest is read, and the connection goes on")
    func short() async throws {
        try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send("POST /api/toys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n")
            let first = await connection.read(until: "UNAUTHENTICATED\"")
            #expect(!first.lowercased().contains("connection: close\r\n"))
            try connection.send(
                String(repeating: "x", count: 200_000)
                    + "GET /api/catalogue HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(await connection.readToEnd().contains("Toys for all"))
        }
    }
}
