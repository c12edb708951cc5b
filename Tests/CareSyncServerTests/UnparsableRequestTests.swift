import CareSyncTesting
import Foundation
import HTTPTypes
import Testing

@Suite("Bytes that are not HTTP")
struct UnparsableRequestTests {
    private static let long = String(repeating: "a", count: 40_000)

    @Test(
        "they get the error body and the end of the connection",
        arguments: [
            "garbage\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET /\u{1} HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Bad: a\u{0}b\r\n\r\n",
        ])
    func garbage(_ request: String) async throws {
        let server = try LiveServer()
        try await server.start()
        let (status, body) = RawConnection.parse(try await server.exchange(request))
        #expect(status == 400, "\(request.debugDescription)")
        #expect(problemCode(body) == "MALFORMED_REQUEST")
        #expect(try await server.get("/health/live").status == 200)
    }

    @Test(
        "headers that are too large or too many get 431",
        arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(long)\r\n\r\n", "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n" + (0..<200).map { "X-\($0): 1\r\n" }.joined() + "\r\n",
        ])
    func tooLarge(_ request: String) async throws {
        let server = try LiveServer()
        try await server.start()
        let (status, body) = RawConnection.parse(try await server.exchange(request))
        #expect(status == 431)
        #expect(problemCode(body) == "HEADERS_TOO_LARGE")
    }

    @Test("a request behind a good one on the same connection does not spoil the good one's answer")
    func afterGoodRequest() async throws {
        let server = try LiveServer()
        try await server.start()
        let answer = try await server.exchange("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nrubbish\r\n\r\n")
        #expect(answer.contains(#"{"status":"UP"}"#) || answer.contains("MALFORMED_REQUEST"))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count <= 3)
    }

    private func problemCode(_ body: String) -> String? {
        TestResponse(status: 0, headers: [:], bytes: Array(body.utf8)).problemCode
    }
}
