package import CareSyncCore
import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// Answers bytes that are not HTTP with the error body, then closes: nothing behind them can be trusted.
///
/// It stands in the channel behind the HTTP decoder, because such a request never becomes one that could be routed.
/// Requests that came whole before those bytes get their answers first. The error is passed on, so that whoever reads
/// the body of a broken request stops, and nothing more is written.
package final class UnparsableRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let time: TimeSource
    private let random: RandomSource
    private var failure: HTTPParserError?
    /// Requests that have begun to arrive and whose answer has not ended.
    private var awaited = 0
    /// Between the first and the last part of a request.
    private var isReading = false
    /// Between the first and the last part of an answer.
    private var isAnswering = false
    private var isClosing = false

    package init(time: TimeSource, random: RandomSource) {
        self.time = time
        self.random = random
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            awaited += 1
            isReading = true
        case .body: break
        case .end: isReading = false
        }
        context.fireChannelRead(data)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whatever arrives after the first failure fails again, and is of no interest.
        guard failure == nil else { return }
        failure = error as? HTTPParserError
        finishIfDue(context)
        context.fireErrorCaught(error)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head): isAnswering = head.status.kind != .informational
        case .body: break
        case .end:
            isAnswering = false
            awaited -= 1
            finishIfDue(context)
        }
    }

    /// Closes once every whole request has its answer, after an answer to what could not be parsed. A request that broke
    /// off in its body may have been answered already, or be in the middle of that; then no second answer follows.
    private func finishIfDue(_ context: ChannelHandlerContext) {
        guard let failure, !isClosing, !isAnswering, awaited <= (isReading ? 1 : 0) else { return }
        isClosing = true
        let isOwed = !isReading || awaited == 1
        guard isOwed, let (head, body) = answer(failure) else {
            context.flush()
            return context.close(promise: nil)
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            loopBound.value.close(promise: nil)
        }
    }

    private func answer(_ failure: HTTPParserError) -> (HTTPResponse, ByteBuffer)? {
        let problem =
            failure == .headerOverflow
            ? Problem(.headersTooLarge, "HEADERS_TOO_LARGE", "The request headers are too large.") : .malformedHTTP
        let requestID = RequestIDs(random: random).name(nil)
        let body = ErrorBody(problem, path: "", requestID: requestID, at: time.now)
        guard let bytes = try? body.bytes() else { return nil }  // Cannot fail for plain text.
        var fields: HTTPFields = [
            .contentType: Answer.jsonType, .contentLength: String(bytes.count), .connection: "close",
            .requestID: requestID,
        ]
        fields.append(contentsOf: APIResponder.securityHeaders(isTransportSecure: false))
        return (HTTPResponse(status: .init(code: problem.kind.status), headerFields: fields), ByteBuffer(bytes: bytes))
    }
}
