import CareSyncTesting
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

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

    @Test("when the budget is used up, whoever holds most gives way, and not the one who comes last")
    func fairness() async throws {
        let budget = BodyBudget(bytes: 100 << 10)
        let responder = Responder { .text("count \(try await $0.body.collect(upTo: 1 << 20).readableBytes)") }
        try await withServer(responder, budget: budget) { port in
            let piece = String(repeating: "x", count: 30 << 10)
            let hoarders = try (0..<3).map { _ in try RawConnection(port: port) }
            for hoarder in hoarders { try hoarder.send(Self.keptAlive(40 << 10) + piece) }
            // All that they sent is held by now.
            while budget.remaining > 10 << 10 { await Task.yield() }
            let guest = try RawConnection(port: port, from: "127.0.0.2")
            // Less than the hoarders hold even when one of them is gone, however it arrives.
            try guest.send(Self.head(40 << 10) + piece + String(repeating: "y", count: 10 << 10))
            #expect(await guest.readToEnd().hasSuffix("count \(40 << 10)"))
            let broken = await withTaskGroup(of: String.self) { group in
                for hoarder in hoarders { group.addTask { await hoarder.readToEnd() } }
                let broken = await group.next() ?? ""
                for hoarder in hoarders { hoarder.finishSending() }
                await group.waitForAll()
                return broken
            }
            #expect(broken.hasPrefix("HTTP/1.1 503 "))
            #expect(broken.contains("\r\nConnection: close\r\n"))
        }
        #expect(budget.remaining == 100 << 10)
    }

    private static func keptAlive(_ length: Int) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n"
    }

    @Test("of the network that holds most the largest unfinished body goes first; a whole one stays")
    func largest() {
        let budget = BodyBudget(bytes: 100)
        let broken = Mutex<[String]>([])
        func join(_ name: String, from network: String) -> BodyBudget.Share {
            budget.join(from: network) { broken.withLock { $0.append(name) } }
        }
        let whole = join("whole", from: "a")
        #expect(budget.take(30, for: whole))
        budget.isWhole(whole)
        let (small, large, other) = (join("small", from: "a"), join("large", from: "a"), join("other", from: "b"))
        #expect(budget.take(10, for: small))
        #expect(budget.take(25, for: large))
        #expect(budget.take(30, for: other))
        // The other network holds 30 of the 65 that are unfinished, and would hold 36.
        #expect(!budget.take(6, for: other))
        #expect(budget.take(5, for: other))
        #expect(budget.take(11, for: small))
        #expect(broken.withLock { $0 } == ["large"])
        #expect(budget.remaining == 14)
        #expect(!budget.take(1, for: large))
        for share in [whole, small, large, other] { budget.leave(share) }
        #expect(budget.remaining == 100)
    }
}
