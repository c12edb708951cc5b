import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// How long a connection may take. Delays of a busy machine are not measured here.
@Suite("Time on a connection", .timeLimit(.minutes(10)))
struct TimeTests {
    private static let short = ConnectionLimits(idleTime: .hours(1), arrivalTime: .milliseconds(50))

    @Test("a connection that sends nothing is cut when its first request should have come")
    func silent() async throws {
        #expect(try await exchange("", limits: Self.short) == "")
    }

    @Test("the time that a large body earned ends with its request", arguments: ["", "GET /next HTTP/1.1\r\n"])
    func leak(_ beginning: String) async throws {
        // 400 KiB earn 400 seconds; reading ends the test before that. Silence between requests is bounded by the other.
        let limits = ConnectionLimits(
            idleTime: beginning.isEmpty ? .seconds(3) : .hours(1), arrivalTime: .seconds(3))
        let responder = Responder { .text("\(try await $0.body.collect(upTo: 1 << 20).readableBytes)") }
        let started = ContinuousClock.now
        try await withServer(responder, limits: limits) { port in
            let connection = try RawConnection(port: port)
            let body = String(repeating: "x", count: 400 << 10)
            try connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(await connection.read(until: "409600").contains("409600"))
            try connection.send(beginning)
            #expect(await connection.readToEnd() == "")
        }
        #expect(ContinuousClock.now - started < .seconds(95))
    }

    @Test("an answer that drains slowly is not cut while it goes on")
    func draining() async throws {
        let length = 32 << 20
        let limits = ConnectionLimits(idleTime: .milliseconds(500), arrivalTime: .hours(1))
        let responder = Responder { _ in
            ServerResponse(status: 200, headers: [:], body: .bytes(ByteBuffer(repeating: 0x78, count: length)))
        }
        let received = try await withServer(responder, limits: limits) { port in
            let connection = try RawConnection(port: port, receiveBuffer: 64 << 10)
            try connection.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            // Slow reading is what is tried; were it slower, it would be so for longer.
            return await connection.count(pausing: .milliseconds(20), every: 256 << 10)
        }
        #expect(received > length)
    }

    @Test("a client that reads nothing of its answer is cut")
    func stalled() async throws {
        let cut = Signal()
        let written = Atomic(0)
        let limits = ConnectionLimits(idleTime: .milliseconds(200), arrivalTime: .hours(1))
        let responder = Responder { _ in
            .stream { writer in
                defer { cut.fire() }
                while true {
                    try await writer.write(ByteBuffer(repeating: 0x78, count: 64 << 10))
                    written.add(64 << 10, ordering: .relaxed)
                }
            }
        }
        try await withServer(responder, limits: limits) { port in
            let connection = try RawConnection(port: port, receiveBuffer: 64 << 10)
            try connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await cut.wait()
            connection.finishSending()
        }
        // What the sockets of both sides hold, and no more.
        #expect(written.load(ordering: .relaxed) < 32 << 20)
    }

    @Test("an answer that is still being made may take longer than a connection may be silent")
    func slowHandler() async throws {
        let limits = ConnectionLimits(idleTime: .milliseconds(50), arrivalTime: .milliseconds(50))
        let responder = Responder { _ in
            // The silence that is tried.
            try await Task.sleep(for: .milliseconds(300))
            return .text("at last")
        }
        let answer = try await exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", responder, limits: limits)
        #expect(answer.hasSuffix("at last"))
    }
}
