import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Bodies that are refused before anything happens")
struct BodyRefusalTests {
    private let path = "/api/auth/login"

    @Test("a body that is not JSON gets 415", arguments: ["text/plain", "application/xml", "multipart/form-data"])
    func contentType(_ type: String) async throws {
        try await withApp { app in
            let response = try await app.send(.post, path, body: "{}", contentType: type)
            #expect(response.status == 415)
            #expect(response.problemCode == "UNSUPPORTED_MEDIA_TYPE")
        }
    }

    @Test("a body over 16 KiB gets 413 where strangers reach, one over 64 KiB everywhere")
    func tooLarge() async throws {
        try await withApp { app in
            for (path, limit) in [(path, 16 << 10), ("/api/admin/doctors/1/verify", 64 << 10)] {
                let body = #"{"username":""# + String(repeating: "a", count: limit) + #""}"#
                let admin = try await app.admin()
                let response = try await app.send(path == self.path ? .post : .put, path, as: admin, body: body)
                #expect(response.status == 413)
                #expect(response.problemCode == "PAYLOAD_TOO_LARGE")
            }
        }
    }

    @Test("hundreds of sign-ins that send their bodies slowly hold little memory")
    func slowBodies() async throws {
        let server = try LiveServer()
        try await server.start()
        let before = try server.residentBytes()
        var held: [RawConnection] = []
        for (announced, sent) in [(2 << 20, 200_000), (16 << 10, 16_000)] {
            for _ in 0..<300 {
                let connection = try server.connect()
                try connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(announced)\r\n\r\n")
                // The server may have refused it already.
                try? connection.send(String(repeating: "a", count: sent))
                held.append(connection)
            }
        }
        // All before it have been read.
        #expect(try await server.get("/health/live").status == 200)
        let growth = try server.residentBytes() - before
        #expect(growth < 64 << 20, "\(growth >> 20) MiB for \(held.count) connections")
        await server.stop()
    }

    @Test("a body in pieces without a length is cut off at the same size")
    func tooLargeInPieces() async throws {
        let server = try LiveServer()
        try await server.start()
        let connection = try server.connect()
        try connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        let piece = "10000\r\n" + String(repeating: "a", count: 0x10000) + "\r\n"
        for _ in 0..<33 { try connection.send(piece) }
        let answer = await connection.read(until: "PAYLOAD_TOO_LARGE")
        #expect(RawConnection.parse(answer).status == 413)
        await server.stop()
    }

    @Test(
        "JSON that breaks the grammar gets 400",
        arguments: [
            "", "{", "{\"username\":\"a\",}", "{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}",
            "{\"username\":\"a\\u0000\",\"password\":\"b\"}", "[]", "null", "7",
            String(repeating: "[", count: 10_000),
        ])
    func grammar(_ body: String) async throws {
        try await withApp { app in
            let response = try await app.send(.post, path, body: body)
            #expect(response.status == 400)
            #expect(response["requestId"].string?.isEmpty == false)
        }
    }
}
