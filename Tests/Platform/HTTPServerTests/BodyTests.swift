import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import Testing

@Suite("Bodies that arrive", .timeLimit(.minutes(10)))
struct BodyTests {
    private static func head(_ length: Int) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(length)\r\n\r\n"
    }

    private static let counting = Responder { request in
        var count = 0
        for try await piece in request.body.pieces(upTo: .max) { count += piece.readableBytes }
        return .text("count \(count)")
    }

    @Test("a body is taken piece by piece, however large it is", arguments: [0, 1, 20 << 20])
    func pieces(_ length: Int) async throws {
        let budget = BodyBudget(bytes: 1 << 20)
        let answer = try await withServer(Self.counting, budget: budget) { port in
            let connection = try RawConnection(port: port)
            try connection.send(Self.head(length) + String(repeating: "x", count: length))
            return await connection.readToEnd()
        }
        #expect(answer.hasSuffix("count \(length)"))
    }

    @Test("nothing is read ahead of a handler that does not ask, but a little")
    func backPressure() async throws {
        let (asked, go) = (Signal(), Signal())
        let budget = BodyBudget(bytes: 1 << 20)
        let responder = Responder { request in
            asked.fire()
            await go.wait()
            return try await Self.counting.answer(request)
        }
        let answer = try await withServer(responder, budget: budget) { port in
            let connection = try RawConnection(port: port)
            async let sent = onThread {
                do {
                    try connection.send(Self.head(16 << 20) + String(repeating: "x", count: 16 << 20))
                    return true
                } catch {
                    return false
                }
            }
            await asked.wait()
            // A read may give more than was wanted, once.
            #expect(budget.remaining >= 512 << 10)
            go.fire()
            #expect(await sent)
            return await connection.readToEnd()
        }
        #expect(answer.hasSuffix("count \(16 << 20)"))
    }

    @Test("unfinished bodies share a budget: beyond it a client is told to come later, and what is held is given back")
    func budget() async throws {
        let budget = BodyBudget(bytes: 100 << 10)
        let responder = Responder { .text("count \(try await $0.body.collect(upTo: 1 << 20).readableBytes)") }
        try await withServer(responder, budget: budget) { port in
            let first = try RawConnection(port: port)
            let piece = String(repeating: "x", count: 30 << 10)
            try first.send(Self.head(90 << 10) + piece + piece)
            let second = try RawConnection(port: port)
            try second.send(Self.head(90 << 10) + piece + piece)
            // Whichever comes second is refused.
            let refused = await withTaskGroup(of: String.self) { group in
                for connection in [first, second] {
                    group.addTask { await connection.read(until: "\r\n\r\nlater") }
                }
                let refused = await group.next() ?? ""
                first.finishSending()
                second.finishSending()
                await group.waitForAll()
                return refused
            }
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
        }
        #expect(budget.remaining == 100 << 10)
    }
}
