import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import Testing

@Suite("Streamed answers", .timeLimit(.minutes(10)))
struct StreamTests {
    private struct Broken: Error {}

    private static func get(_ version: String = "1.1", _ method: String = "GET") -> String {
        "\(method) / HTTP/\(version)\r\nHost: a\r\n\r\n"
    }

    private func outcome(of response: ServerResponse, _ request: String = Self.get()) async throws -> (
        text: String, isReset: Bool
    ) {
        try await withServer(Responder { _ in response }) { port in
            let connection = try RawConnection(port: port)
            try connection.send(request)
            return await connection.readToEndOrReset()
        }
    }

    @Test("a stream that fails ends without its last chunk, and not like one that is whole", arguments: ["1.0", "1.1"])
    func broken(_ version: String) async throws {
        let response = ServerResponse.stream { writer in
            try await writer.write(ByteBuffer(string: "half"))
            throw Broken()
        }
        let (text, isReset) = try await outcome(of: response, Self.get(version))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(isReset)
    }

    @Test("a stream of another length than it said is broken", arguments: [3, 5])
    func wrongLength(_ length: Int) async throws {
        let response = ServerResponse.stream(length: length) { try await $0.write(ByteBuffer(string: "four")) }
        #expect(try await outcome(of: response).isReset)
    }

    @Test("a stream whose length is known says it, and the connection goes on")
    func knownLength() async throws {
        let responder = Responder { request in
            request.path == "/end"
                ? .text("end")
                : .stream(length: 4) { writer in
                    for letter in "four" { try await writer.write(ByteBuffer(string: String(letter))) }
                }
        }
        let answer = try await exchange(
            Self.get() + "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", responder)
        #expect(answer.contains("\r\nContent-Length: 4\r\n\r\nfourHTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("end"))
    }

    @Test("an empty stream is a whole answer", arguments: ["1.0", "1.1"])
    func empty(_ version: String) async throws {
        let close = "GET / HTTP/\(version)\r\nHost: a\r\nConnection: close\r\n\r\n"
        let (text, isReset) = try await outcome(of: .stream { _ in }, close)
        #expect(text.hasSuffix(version == "1.1" ? "\r\n\r\n0\r\n\r\n" : "Connection: close\r\n\r\n"))
        #expect(!isReset)
    }

    @Test("HEAD makes nothing and says the same of what there is")
    func head() async throws {
        let response = ServerResponse.stream(length: 7) { _ in throw Broken() }
        let close = "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let (text, isReset) = try await outcome(of: response, close)
        #expect(text.contains("\r\nContent-Length: 7\r\n"))
        #expect(text.hasSuffix("\r\n\r\n") && !isReset)
    }
}
