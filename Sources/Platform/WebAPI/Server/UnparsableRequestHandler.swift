package import CareSyncCore
import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// Answers bytes that are not HTTP with the error body, then closes: nothing behind them can be trusted.
///
/// It stands in the channel behind the HTTP decoder, because such a request never becomes one that could be routed.
package final class UnparsableRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias OutboundOut = HTTPResponsePart

    private let time: TimeSource
    private var hasAnswered = false

    package init(time: TimeSource) {
        self.time = time
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        guard !hasAnswered else { return }
        hasAnswered = true
        let problem =
            (error as? HTTPParserError) == .headerOverflow
            ? Problem(.headersTooLarge, "HEADERS_TOO_LARGE", "The request headers are too large.") : .malformedHTTP
        let body = ErrorBody(problem, path: "", requestID: "", at: time.now)
        guard let bytes = try? body.bytes() else { return context.close(promise: nil) }  // Cannot fail for plain text.
        let head = HTTPResponse(
            status: .init(code: problem.kind.status),
            headerFields: [
                .contentType: Answer.jsonType, .contentLength: String(bytes.count), .connection: "close",
                .cacheControl: "no-store",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: bytes))), promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            loopBound.value.close(promise: nil)
        }
    }
}
