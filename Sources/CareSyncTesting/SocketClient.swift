import Foundation
package import HTTPServer
package import HTTPTypes
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests to a responder over the connection that the program uses: each on a pair of connected sockets, with the
/// same handlers, decoder and encoder. There is no port, and the peer has no address.
package struct SocketClient: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let connections: ConnectionChannel
    private let logger: Logger

    /// More patient than a busy machine can delay a test.
    package init(
        _ responder: any RequestResponder, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        limits: ConnectionLimits = ConnectionLimits(idleTime: .hours(1), arrivalTime: .hours(1))
    ) {
        connections = ConnectionChannel(responder, limits: limits)
        self.logger = logger
    }

    /// One request on a connection of its own, and its answer.
    package func execute(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        var fields = HTTPHeaders([("Host", "localhost")])
        for field in headers { fields.add(name: field.name.rawName, value: field.value) }
        if body != nil || [.post, .put, .patch].contains(method) {
            fields.replaceOrAdd(name: "Content-Length", value: String(body?.readableBytes ?? 0))
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: Self.encoded(uri), headers: fields)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: TestResponse.self)
        do {
            let channel = try await connect(on: loop, answer)
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        } catch {
            answer.fail(error)
        }
        return try await answer.futureResult.get()
    }

    private func connect(on loop: any EventLoop, _ answer: EventLoopPromise<TestResponse>) async throws -> any Channel {
        let (server, client) = try Self.pair()
        let (connections, logger) = (connections, logger)
        _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                connections.setup(channel: channel, logger: logger).map { _ in }
            }
            .withConnectedSocket(server).get()
        return try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPRequestEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
                    try pipeline.addHandler(AnswerCollector(answer))
                }
            }
            .withConnectedSocket(client).get()
    }

    /// Without what no client of HTTP sends: blanks, controls and bytes beyond ASCII are escaped.
    private static func encoded(_ uri: String) -> String {
        uri.utf8.map { byte in
            (0x21...0x7E).contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func pair() throws -> (CInt, CInt) {
        var sockets: [CInt] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &sockets) == 0 else {
            throw Failure(description: "No pair of sockets: \(errno)")
        }
        return (sockets[0], sockets[1])
    }
}

/// Puts an answer together.
private final class AnswerCollector: ChannelInboundHandler, @unchecked Sendable {
    // Safe: touched on the event loop of its channel only.
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<TestResponse>
    private var status = 0
    private var headers = HTTPFields()
    private var bytes: [UInt8] = []

    init(_ answer: EventLoopPromise<TestResponse>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            for (name, value) in head.headers {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
        case .body(let part): bytes += Array(part.readableBytesView)
        case .end: answer.succeed(TestResponse(status: status, headers: headers, bytes: bytes))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(SocketClient.Failure(description: "The connection ended before the answer."))
    }
}
