import CareSyncTesting
import HTTPServer
import HTTPTypes
import Testing

@Suite("Bodies taken as they arrive", .timeLimit(.minutes(10)))
struct StreamedBodyTests {
    private func field(_ name: String, _ content: String) -> String {
        "--cut\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
    }

    private func file(_ name: String, _ content: String) -> String {
        "--cut\r\nContent-Disposition: form-data; name=\"f-\(name)\"; filename=\"\(name)\"\r\n\r\n\(content)\r\n"
    }

    private func send(_ body: String, _ toys: ToyClient) async throws -> ReceivedResponse {
        try await toys.send(
            .post, "/api/uploads", body, as: "doctor", headers: ["Content-Type": "multipart/form-data; boundary=cut"])
    }

    @Test("fields stand before and behind the files, and a file that nobody reads is skipped")
    func form() async throws {
        try await withToys { toys in
            let large = String(repeating: "\r\n--cu", count: 100_000)
            let answer = try await send(
                field("before", "1") + file("large", large) + field("between", "2") + file("skip", large)
                    + field("behind", "3") + "--cut--\r\nepilogue", toys)
            #expect(answer.status == 200)
            for (name, value) in [("before", "1"), ("between", "2"), ("behind", "3")] {
                #expect(answer.json["fields.\(name)"].string == value)
            }
            #expect(answer.json["files[0].length"].int == large.utf8.count)
            #expect(answer.json["files[0].sum"].int == large.utf8.reduce(0) { $0 + Int($1) })
            #expect(answer.json["files[1].length"].int == 0)
        }
    }

    @Test("a form that ends too early is refused, wherever it does")
    func truncated() async throws {
        let whole = field("a", "x") + file("b", "yy") + field("c", "z") + "--cut--"
        try await withToys { toys in
            for length in 0..<whole.utf8.count {
                let answer = try await send(String(decoding: whole.utf8.prefix(length), as: UTF8.self), toys)
                #expect(answer.status == 400)
            }
            #expect(try await send(whole, toys).status == 200)
        }
    }

    @Test("a form that comes byte by byte is the same form")
    func trickle() async throws {
        let body = field("a", "x") + file("b", "\r\n--cut\r\r\n-") + field("c", "z") + "--cut--"
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/uploads HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer doctor\r\nConnection: close\r\n"
                    + "Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
            for scalar in body.unicodeScalars { try connection.send(String(scalar)) }
            return await connection.readToEnd()
        }
        #expect(answer.contains("\"length\":11"))
        #expect(answer.contains("\"c\":\"z\""))
    }

    @Test("a field that is too long is 413, and so is a body beyond the limit")
    func tooLarge() async throws {
        try await withToys { toys in
            let long = String(repeating: "x", count: 65_537)
            try await send(field("a", long) + "--cut--", toys).expectFailure(413, "PAYLOAD_TOO_LARGE")
            let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
            let answer = try await withToyServer { port in
                let connection = try RawConnection(port: port)
                try connection.send("POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<17 { try connection.send(chunk) }
                return await connection.read(until: "FILE_TOO_LARGE")
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("a caller who may not send a body is refused before its first byte is requested")
    func gate() async throws {
        let answer = try await withToyServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/uploads HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer patient\r\nExpect: 100-continue\r\n"
                    + "Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 1000000\r\n\r\n")
            return await connection.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
    }

    @Test("when unfinished bodies take all there is for them, a client is told to come later")
    func budget() async throws {
        let budget = BodyBudget(bytes: 10 << 10)
        let answer = try await withToyServer(budget: budget) { port in
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /api/forms HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                    + "Content-Length: 65000\r\n\r\n" + String(repeating: "x", count: 30 << 10))
            return await connection.read(until: "UNAVAILABLE")
        }
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(answer.contains("\r\nRetry-After: "))
        #expect(budget.remaining == 10 << 10)
    }
}
