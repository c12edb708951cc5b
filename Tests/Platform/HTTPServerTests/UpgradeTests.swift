import CareSyncTesting
import Foundation
import HTTPServer
import NIOCore
import NIOHTTP1
import Testing

/// Sends back what it gets, in capitals.
private final class Shouting: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data)).uppercased()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }
}

@Suite("Upgrades", .timeLimit(.minutes(10)))
struct UpgradeTests {
    private static let responder = Responder { request in
        guard request.path == "/shout" else { return .text(request.path) }
        let upgrade = ConnectionUpgrade(to: "shouting") { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Shouting()) }
        }
        return ServerResponse(status: 101, headers: ["X-Told": "yes"], body: .upgrade(upgrade))
    }
    private static let request = "GET /shout HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: Shouting\r\n\r\n"

    @Test("any request of a connection can hand it over, and what came behind it is not lost", arguments: [0, 1, 3])
    func upgrades(_ before: Int) async throws {
        try await withServer(Self.responder) { port in
            let connection = try RawConnection(port: port)
            let plain = String(repeating: "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n", count: before)
            try connection.send(plain + Self.request + "early ")
            let head = await connection.read(until: "EARLY ")
            #expect(head.components(separatedBy: "/plain").count == before + 1)
            #expect(head.contains("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(head.contains("\r\nX-Told: yes\r\nConnection: upgrade\r\nUpgrade: shouting\r\n\r\nEARLY "))
            try connection.send("and late")
            #expect(await connection.read(until: "LATE") == "AND LATE")
            connection.finishSending()
            #expect(await connection.readToEnd() == "")
        }
    }

    @Test("a client that did not ask for the protocol is told so, and the connection ends")
    func unasked() async throws {
        let answer = try await exchange("GET /shout HTTP/1.1\r\nHost: a\r\n\r\n", Self.responder)
        #expect(answer.hasPrefix("HTTP/1.1 426 "))
        #expect(answer.contains("\r\nConnection: close\r\n"))
    }

    @Test("the server's stop ends an upgraded connection")
    func stop() async throws {
        let connection = try await withServer(Self.responder) { port in
            let connection = try RawConnection(port: port)
            try connection.send(Self.request + "x")
            #expect(await connection.read(until: "\r\n\r\nX").hasSuffix("\r\n\r\nX"))
            return connection
        }
        #expect(await connection.readToEnd() == "")
    }
}
