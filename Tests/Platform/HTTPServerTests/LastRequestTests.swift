import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import Testing

/// Requests behind which nothing can be understood.
@Suite("The last request of a connection", .timeLimit(.minutes(10)))
struct LastRequestTests {
    static let requests = [
        "GET /last HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "GET /last HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
        "POST /last HTTP/1.1\r\nHost: a\r\nconnection: keep-alive, UPGRADE\r\nupgrade: websocket\r\n"
            + "Content-Length: 2\r\n\r\n{}",
        "CONNECT /last:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    @Test("an upgrade that nobody takes up gets its answer, and the end of the connection", arguments: requests)
    func refused(_ request: String) async throws {
        let answer = try await exchange("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + request)
        let answers = answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst()
        #expect(answers.count == 2)
        #expect(answers.first?.contains("Connection: close") == false)
        #expect(answers.last?.contains("\r\nConnection: close\r\n") == true)
        #expect(answers.last?.contains("/last") == true)
    }

    @Test("bytes behind it are not read", arguments: requests)
    func unread(_ request: String) async throws {
        let poured = try await withServer(.path) { port in
            let connection = try RawConnection(port: port)
            try connection.send(request)
            let piece = String(repeating: "x", count: 1 << 20)
            for count in 0..<64 {
                do { try connection.send(piece) } catch { return count }
            }
            return 64
        }
        #expect(poured < 64)
    }

    @Test("while the answer is being made, no more is kept than the decoder may hold", arguments: requests)
    func held(_ request: String) async throws {
        let (asked, enough) = (Signal(), Signal())
        let responder = Responder { _ in
            asked.fire()
            await enough.wait()
            return .text("/late")
        }
        try await withServer(responder) { port in
            let connection = try RawConnection(port: port)
            try connection.send(request)
            await asked.wait()
            // More than the decoder's buffer and what both sockets hold: it does not fit.
            async let isRefused = onThread {
                do {
                    try connection.send(String(repeating: "x", count: 64 << 20))
                    return false
                } catch {
                    return true
                }
            }
            enough.fire()
            #expect(await isRefused)
        }
    }

    @Test("when its client has gone, a request that waits is told")
    func gone() async throws {
        let (asked, told) = (Signal(), Signal())
        let responder = Responder { _ in
            asked.fire()
            await withTaskCancellationHandler {
                await told.wait()
            } onCancel: {
                told.fire()
            }
            return .text("for nobody")
        }
        try await withServer(responder) { port in
            do {
                let connection = try RawConnection(port: port)
                try connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asked.wait()
            }
            await told.wait()
        }
    }

    @Test("who only sends no more is still answered")
    func halfClosed() async throws {
        let (asked, go) = (Signal(), Signal())
        let responder = Responder { _ in
            asked.fire()
            await withTaskCancellationHandler {
                await go.wait()
            } onCancel: {
                go.fire()
            }
            return .text("/late")
        }
        let answer = try await withServer(responder) { port in
            let connection = try RawConnection(port: port)
            try connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asked.wait()
            connection.finishSending()
            return await connection.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.hasSuffix("/late"))
    }
}
